"""The table of `docs/verification.md`: how an arrival is shown, for every provider."""

from providers.catalogue import catalogue_entries
from providers.catalogue_entry import CatalogueEntry
from providers.catalogue_reader import CUMULATIVE, REMAINING, Reader
from providers.vocabulary import ResalePolicy

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
HEAD = (
    "| provider | resale | how credit moves | ladder, strongest first | what a reading shows "
    "| read before for | lag | deliver, inspect | facts |\n|---|---|---|---|---|---|---|---|---|"
)


def table() -> str:
    """All providers as a Markdown table, by slug."""
    rows = [_row(entry) for entry in sorted(catalogue_entries(), key=lambda one: one.slug)]
    return "\n".join([HEAD, *rows])


def placed(text: str) -> str:
    """A document with the table of today between its two marks."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def _row(entry: CatalogueEntry) -> str:
    facts, reader = entry.provider, entry.reader
    offered = reader if reader and reader.rung in facts["ladder"] else None
    cells = [
        entry.slug,
        ResalePolicy(facts["resale_policy"]).label.lower(),
        ", ".join(facts["transfer_methods"]),
        " › ".join(facts["ladder"]),
        _shows(offered),
        f"{offered.lag_intervals + 1} readings" if offered else "–",
        _duration(offered.lag_seconds) if offered else "–",
        _clocks(entry.clocks),
        facts["confidence"],
    ]
    return f"| {' | '.join(cells)} |"


def _clocks(own: dict[str, int]) -> str:
    return f"{own['deliver_hours']} h, {own['inspect_hours']} h" if own else "as usual"


def _shows(reader: Reader | None) -> str:
    if reader is None:
        return "nothing is read"
    if not reader.confirmed:
        return "a hint: the answer's form is not confirmed"
    if reader.cents_per_unit is None:
        return "a hint: the unit has no fixed price"
    if not reader.may_verify:
        return "a hint: figures lag too far behind"
    if reader.kind == REMAINING or not reader.is_exact:
        return "arrival; at least so much"
    return "arrival and absence" + (", exact sum" if reader.kind == CUMULATIVE else ", new rows")


def _duration(seconds: int) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s" if seconds else "none known"
