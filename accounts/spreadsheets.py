"""Text in tables that people open in a spreadsheet."""

import re

# A cell that begins like this is a formula to a spreadsheet (OWASP: CSV injection).
_FORMULA = re.compile(r"^[\s'\"]*[=+\-@\t\r\n|%]")


def cell(text: str) -> str:
    """The text, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
