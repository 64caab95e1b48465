"""Amounts and rates as people read them. Integers in, text out; no float ever touches money.

What is missing (None, or the "" that a template makes of it) is shown as nothing.
"""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$"}
NO_BREAK = "\u00a0"
MINUS = "\u2212"


@register.filter
def money(cents: int | str | None, currency: str = "USD") -> str:
    """Say an amount of minor units: ``123456`` is "$1,234.56"."""
    if cents is None or cents == "":
        return ""
    currency = str(currency or "USD").upper()
    whole, part = divmod(abs(int(cents)), 100)
    sign = MINUS if int(cents) < 0 else ""
    symbol = SYMBOLS.get(currency, f"{currency}{NO_BREAK}")
    return f"{sign}{symbol}{whole:,}.{part:02d}"


@register.filter
def amount(cents: int | str | None, currency: str = "USD") -> SafeString:
    """Mark an amount up so that it never breaks across lines and machines can read it."""
    text = money(cents, currency)
    if not text:
        return SafeString("")
    return format_html('<data class="money" value="{}">{}</data>', int(cents or 0), text)


@register.filter
def percent(basis_points: int | str | None) -> str:
    """Say basis points: ``4000`` is "40%", ``3050`` is "30.5%"."""
    if basis_points is None or basis_points == "":
        return ""
    whole, part = divmod(abs(int(basis_points)), 100)
    sign = MINUS if int(basis_points) < 0 else ""
    decimals = f".{part:02d}".rstrip("0") if part else ""
    return f"{sign}{whole:,}{decimals}%"


@register.filter
def decimal(cents: int | str | None) -> str:
    """Write minor units as an input's value: ``123456`` is "1234.56"."""
    if cents is None or cents == "":
        return ""
    whole, part = divmod(abs(int(cents)), 100)
    return f"{'-' if int(cents) < 0 else ''}{whole}.{part:02d}"


@register.filter
def thousands(number: int | str | None) -> str:
    """Group a plain count: ``4213`` is "4,213"."""
    return "" if number is None or number == "" else f"{int(number):,}"


@register.filter
def subtract(whole: int | None, part: int | None) -> int | None:
    """What is left of an amount; nothing where either is missing."""
    return None if whole is None or part is None else int(whole) - int(part)
