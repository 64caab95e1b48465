"""Text in tables that people open in a spreadsheet."""

import re

# A cell that begins like this is a formula to a spreadsheet (OWASP: CSV injection); some read the
# wide signs of Chinese and Japanese keyboards, and the minus of mathematics, as the narrow ones.
_FORMULA = re.compile(
    r"^[\s\u200b-\u200f\u2060\ufeff'\"\uff07\uff02]*"
    r"[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20\uff5c\uff05\u2212\ufe66\ufe62\ufe63\ufe6b]"
)


def cell(text: str) -> str:
    """The text, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
