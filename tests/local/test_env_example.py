"""`.env.example` explains every variable, and none that nothing reads."""

import re

from marketplace.local.environment import ROOT
from tests.architecture.source import modules

# Read by `marketplace.local`, not by the settings.
LOCAL_ONLY = {"PORT", "SANDBOX_PORT", "PG_BIN", "CHROMIUM"}


def explained() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def read_by_settings() -> set[str]:
    text = (ROOT / "marketplace" / "settings.py").read_text()
    return set(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', text))


def test_every_variable_is_explained_and_every_explanation_is_of_one() -> None:
    assert explained() == read_by_settings() | LOCAL_ONLY


def test_only_the_settings_read_the_environment() -> None:
    """One place to look: apps read settings."""
    apps = ("accounts.", "payments.", "providers.", "listings.", "orders.")
    texts = {m.name: m for m in modules() if m.name.startswith(apps)}
    found = [
        name
        for name in texts
        if "os.environ" in (ROOT / f"{name.replace('.', '/')}.py").read_text()
    ]
    assert found == []
