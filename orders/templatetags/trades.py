"""How long things may take, in words."""

from django import template

register = template.Library()
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@register.filter
def duration(seconds: int) -> str:
    """Say a time limit in its largest unit that divides it: ``259200`` is "3 days"."""
    size, name = next((size, name) for size, name in UNITS if seconds % size == 0)
    count = seconds // size
    return f"{count} {name}{'' if count == 1 else 's'}"
