"""What the processor still wants to know of a seller, in plain words."""

from collections.abc import Sequence

from django import template

register = template.Library()

# The processor names fields by dotted paths; the first part found here says what they mean.
PLAIN = (
    ("external_account", "A bank account for your payouts"),
    ("default_outbound_destination", "A bank account for your payouts"),
    ("dob", "Your date of birth"),
    ("id_number", "A tax or identity number"),
    ("ssn", "A tax or identity number"),
    ("verification", "A document that shows who you are"),
    ("document", "A document that shows who you are"),
    ("address", "Your address"),
    ("phone", "A telephone number"),
    ("email", "An e-mail address"),
    ("tos", "Your agreement to the processor’s terms"),
    ("terms", "Your agreement to the processor’s terms"),
    ("country", "The country you live in"),
    ("business", "What kind of business you do"),
    ("name", "Your legal name"),
)


def _plainly(field: str) -> str:
    for part, words in PLAIN:
        if part in field.lower():
            return words
    return field.rsplit(".", 1)[-1].replace("_", " ").capitalize()


@register.filter
def plainly(fields: Sequence[str]) -> list[str]:
    """Each thing that is missing, once, in the order in which it was named."""
    return list(dict.fromkeys(_plainly(field) for field in fields if field))
