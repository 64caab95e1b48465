"""Where sellers can be paid: countries.toml, by ISO code."""

import tomllib
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".toml")


@cache
def _lists() -> dict[str, dict[str, str]]:
    return tomllib.loads(SOURCE.read_text())


def payable() -> dict[str, str]:
    """Names of the countries where a seller can be paid, by code."""
    return _lists()["payable"]


def sanctioned() -> dict[str, str]:
    """Names of the countries that sanctions close, by code."""
    return _lists()["sanctioned"]


def can_be_paid(code: str) -> bool:
    """Whether sellers who live there can be paid."""
    return code.upper() in payable()
