"""The catalogue as it is in the files, and the forms of its token patterns."""

from pathlib import Path

import pytest

from providers.catalogue import LoadReport, load_catalogue

MINIMAL = """\
name = "Acme AI"
homepage = "https://acme.example"
category = "llm"
summary = "Models by API."
confidence = "low"
checked_on = 2026-11-20
sources = ["https://acme.example/terms"]

[resale]
policy = "unknown"
clause = "We have read no rule."
checked_on = 2026-11-20

[transfer]
methods = ["assisted"]
notes = "Nothing is known."
ladder = ["evidence_upload", "buyer_confirmation"]

[[programs]]
slug = "prepaid"
name = "Prepaid credit"
amount = "what you pay in"

[[unit_prices]]
what = "acme-1"
unit = "1M input tokens"
price_usd = "0.25"
"""


@pytest.fixture
def catalogue(db: None) -> LoadReport:
    """The tables as the catalogue files fill them."""
    return load_catalogue()


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A correct file of a provider that the catalogue does not have."""
    path = tmp_path / "acme.toml"
    path.write_text(MINIMAL)
    return path
