"""The files themselves: complete, in our vocabulary, and refused with the field that is wrong."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from providers.catalogue import CATALOGUE_DIR, catalogue_entries
from providers.catalogue_entry import read_entry
from providers.catalogue_section import CatalogueError

ENTRIES = {entry.slug: entry for entry in catalogue_entries()}


def test_there_are_sixty_eight_providers() -> None:
    assert len(ENTRIES) == 68
    assert {"replicate", "openrouter", "vast", "aws", "google-cloud"} <= set(ENTRIES)


def test_vast_is_the_one_whose_terms_allow_a_transfer() -> None:
    allowed = [slug for slug, e in ENTRIES.items() if e.provider["resale_policy"] == "allowed"]
    assert allowed == ["vast"]
    assert ENTRIES["vast"].provider["transfer_methods"] == ["balance_transfer"]


@pytest.mark.parametrize("slug", ["scaleway", "ovhcloud", "firecrawl"])
def test_vouchers_need_the_issuers_consent(slug: str) -> None:
    provider = ENTRIES[slug].provider
    assert provider["resale_policy"] == "consent_required"
    assert provider["transfer_methods"][0] == "redeem_code"


def test_every_provider_can_be_listed_with_consent() -> None:
    for entry in ENTRIES.values():
        allowed = entry.provider["resale_policy"] == "allowed"
        assert allowed or "assisted" in entry.provider["transfer_methods"], entry.slug


def test_forbidden_policies_name_their_source() -> None:
    for entry in ENTRIES.values():
        if entry.provider["resale_policy"] == "forbidden":
            assert entry.provider["policy_source"].startswith("https://"), entry.slug


def test_replicate_forbids_and_is_shown_by_account_and_document() -> None:
    replicate = ENTRIES["replicate"].provider
    assert replicate["resale_policy"] == "forbidden"
    assert replicate["ladder"][0] == "identity_and_document"
    assert replicate["balance_api"] is None


def test_files_name_nothing_of_a_workplace() -> None:
    for path in [*CATALOGUE_DIR.glob("*.toml"), *CATALOGUE_DIR.parent.glob("guides/*.toml")]:
        text = path.read_text()
        for word in ("code-index", "seed document", "/work/", "pypi.org", "npmjs"):
            assert word not in text, f"{path.name} says {word}"


def test_what_is_left_can_be_found_in_the_example() -> None:
    for entry in ENTRIES.values():
        api = entry.provider["balance_api"]
        if api is not None:
            assert "$." in api["remaining"], entry.slug
            example = json.dumps(json.loads(api["example"]))
            for field in re.findall(r"\.([a-zA-Z_]+)", api["remaining"].replace("@.", "")):
                assert f'"{field}"' in example, f"{entry.slug}: {field}"


def test_prices_are_exact() -> None:
    (speech,) = [p for p in ENTRIES["deepgram"].unit_prices if p["unit"] == "minute of audio"]
    assert speech["price_usd"] == Decimal("0.0043")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('name = "Acme AI"\n', "", "name: is missing"),
        ('category = "llm"', 'category = "magic"', "category: 'magic' is not one of"),
        ("https://acme.example/terms", "acme terms", "sources: 'acme terms' is not a web address"),
        ('policy = "unknown"', 'policy = "fine"', "resale.policy: 'fine' is not one of"),
        ('policy = "unknown"', 'policy = "allowed"', "resale.source: is missing"),
        ('["assisted"]', "[]", "transfer.methods: is empty"),
        ('["assisted"]', '["api_key"]', "transfer.methods: 'api_key' is not one of"),
        ('["evidence_upload", "b', '["b', None),
        ('["evidence_upload", ', '["api_balance", ', "transfer.ladder: reads from the provider"),
        (', "buyer_confirmation"', "", "transfer.ladder: must end with buyer_confirmation"),
        ('"0.25"', "0.25", "unit_prices[1].price_usd: must be str, not float"),
        ('"0.25"', '"-1"', "unit_prices[1].price_usd: '-1' is not above zero"),
        ('"0.25"', '"NaN"', "unit_prices[1].price_usd: 'NaN' is not above zero"),
        ('"0.25"', '"0.0000000001"', "unit_prices[1].price_usd: '0.0000000001' has more than"),
        ('slug = "prepaid"', 'slug = "Pre paid"', "programs[1].slug: 'Pre paid' is not lower-case"),
        ("checked_on = 2026-11-20\nsources", 'checked_on = "soon"\nsources', "checked_on: must be"),
        ("confidence", "confidense", "confidence: is missing"),
        ('summary = "Models', 'mood = "good"\nsummary = "Models', "mood: is not known here"),
        ('summary = "Models by API."', 'summary = "x', "(whole file)"),
    ],
)
def test_a_mistake_is_named_with_file_and_field(
    acme: Path, old: str, new: str, field: str | None
) -> None:
    text = acme.read_text()
    assert old in text
    acme.write_text(text.replace(old, new, 1))
    if field is None:
        assert read_entry(acme).provider["ladder"] == ["buyer_confirmation"]
        return
    with pytest.raises(CatalogueError) as refused:
        read_entry(acme)
    assert str(refused.value).startswith(f"acme.toml: {field}")


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [("(", "is not a regular expression"), ("a*", "matches the empty text")],
)
def test_token_patterns_must_compile_and_match_something(
    acme: Path, pattern: str, problem: str
) -> None:
    acme.write_text(f"{acme.read_text()}\n[[token_patterns]]\npattern = '{pattern}'\n")
    with pytest.raises(CatalogueError, match=rf"token_patterns\[1\].pattern: {problem}"):
        read_entry(acme)
