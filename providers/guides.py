"""Guides: one file each, every claim with its sources, and where sources disagree, all of them.

A file says what a person read closely; `composing.py` adds what the catalogue knows beside it,
and writes the whole guide where there is no file.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from providers.catalogue_section import CatalogueError, Section

GUIDES_DIR = Path(__file__).parent / "guides"

# Statements of our own, which no source carries.
MOST_OWN = 4

# What a guide may speak of, in the order in which people ask.
TOPICS = (
    *("what", "programs", "free", "sign-up", "covers", "bill", "limits", "expiry", "data"),
    *("tokens", "key", "moves", "resale", "works", "breaks", "compare", "tips", "unknown"),
)


@dataclass(frozen=True)
class Source:
    """Where something was read, and when we last looked. `number` is its place in the list.

    Without a name it is shown by its address.
    """

    number: int
    name: str
    url: str
    checked_on: date


@dataclass(frozen=True)
class Claim:
    """One statement; without sources it is our own."""

    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Disagreement:
    """A question that sources answer differently, and how we read them."""

    about: str
    says: tuple[Claim, ...]
    reading: str


@dataclass(frozen=True)
class Table:
    """Figures side by side; the first cell of a row names it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sources: tuple[Source, ...]

    @property
    def cells(self) -> list[list[tuple[str, str]]]:
        """The rows, each cell with the name of its column."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Part:
    """A section of a guide."""

    id: str
    title: str
    intro: str
    steps: tuple[Claim, ...]
    table: Table | None
    claims: tuple[Claim, ...]
    disagreements: tuple[Disagreement, ...]


@dataclass(frozen=True)
class Question:
    """A question that people ask, with its answer."""

    question: str
    answer: Claim


@dataclass(frozen=True)
class Guide:
    """Everything that we have read about one provider, in order."""

    slug: str
    provider: str
    title: str
    summary: str
    checked_on: date
    parts: tuple[Part, ...]
    questions: tuple[Question, ...]
    sources: tuple[Source, ...]
    is_written: bool = True


@cache
def guides(directory: Path = GUIDES_DIR) -> dict[str, Guide]:
    """All guides by slug, read once for each process. Raises CatalogueError."""
    return {path.stem: read_guide(path) for path in sorted(directory.glob("*.toml"))}


def read_guide(path: Path) -> Guide:
    """The guide in a file. Raises CatalogueError naming the file and the field."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(file=path.name, field="(whole file)", problem=str(error)) from None
    return read_table(table, slug=path.stem, file_name=path.name)


def read_table(table: dict[str, Any], *, slug: str, file_name: str) -> Guide:
    """The guide that a table holds. Raises CatalogueError naming the file and the field."""
    file = Section(table, file=file_name)
    sources = _read_sources(file)
    guide = Guide(
        slug=slug,
        provider=file.slug("provider", longest=60),
        title=file.text("title", longest=120),
        summary=file.text("summary", longest=300),
        checked_on=file.day("checked_on"),
        parts=tuple(_read_part(part, sources) for part in file.sections("parts")),
        questions=tuple(_read_question(part, sources) for part in file.sections("questions")),
        sources=tuple(sources.values()),
    )
    file.end()
    _require_cited(file, guide, sources)
    return guide


def _require_cited(file: Section, guide: Guide, sources: dict[str, Source]) -> None:
    """Every source stands for something, and all but a few statements have one."""
    claims = [claim for part in guide.parts for claim in _claims(part)]
    claims += [one.answer for one in guide.questions]
    runs = [claim.sources for claim in claims]
    runs += [part.table.sources for part in guide.parts if part.table]
    cited = {source.number for run in runs for source in run}
    for key, source in sources.items():
        if source.number not in cited:
            raise file.wrong("sources", f"{key!r} is cited nowhere")
    own = sum(not claim.sources for claim in claims)
    if own > MOST_OWN:
        raise file.wrong("parts", f"have {own} claims without a source, {MOST_OWN} is the most")


def _claims(part: Part) -> tuple[Claim, ...]:
    said = (claim for one in part.disagreements for claim in one.says)
    return (*part.steps, *part.claims, *said)


def _read_sources(file: Section) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for number, part in enumerate(file.sections("sources"), start=1):
        key = part.slug("id", longest=40)
        if key in sources:
            raise part.wrong("id", f"{key!r} is used twice")
        sources[key] = Source(
            number=number,
            name=part.text("name", longest=160),
            url=part.url("url"),
            checked_on=part.day("checked_on"),
        )
        part.end()
    return sources


def _read_part(part: Section, sources: dict[str, Source]) -> Part:
    read = Part(
        id=part.choice("id", list(TOPICS)),
        title=part.text("title", longest=120),
        intro=part.text("intro", longest=400, blank=True),
        steps=_read_claims(part, "steps", sources),
        table=_read_table(part.section("table"), sources) if "table" in part.table else None,
        claims=_read_claims(part, "claims", sources),
        disagreements=tuple(
            _read_disagreement(one, sources) for one in part.sections("disagreements")
        ),
    )
    part.end()
    return read


def _read_claims(part: Section, key: str, sources: dict[str, Source]) -> tuple[Claim, ...]:
    claims = []
    for one in part.sections(key):
        claims.append(Claim(one.text("text", longest=600), _read_cited(one, sources)))
        one.end()
    return tuple(claims)


def _read_cited(part: Section, sources: dict[str, Source]) -> tuple[Source, ...]:
    cited = part.take("sources", list)
    for key in cited:
        if not isinstance(key, str) or key not in sources:
            raise part.wrong("sources", f"{key!r} is not the id of a source")
    return tuple(sources[key] for key in cited)


def _read_disagreement(part: Section, sources: dict[str, Source]) -> Disagreement:
    read = Disagreement(
        about=part.text("about", longest=160),
        says=_read_claims(part, "says", sources),
        reading=part.text("reading", longest=600),
    )
    if len(read.says) < 2:
        raise part.wrong("says", "needs two sides at least")
    part.end()
    return read


def _read_table(part: Section, sources: dict[str, Source]) -> Table:
    columns = _read_cells(part, "columns", part.take("columns", list))
    rows = tuple(_read_cells(part, "rows", row) for row in part.take("rows", list))
    if not columns or any(len(row) != len(columns) for row in rows):
        raise part.wrong("rows", f"must have {len(columns)} cells each")
    table = Table(
        caption=part.text("caption", longest=160),
        columns=columns,
        rows=rows,
        sources=_read_cited(part, sources),
    )
    part.end()
    return table


def _read_cells(part: Section, key: str, row: Any) -> tuple[str, ...]:
    if not isinstance(row, list) or not all(isinstance(cell, str) for cell in row):
        raise part.wrong(key, "must be lists of texts")
    return tuple(row)


def _read_question(part: Section, sources: dict[str, Source]) -> Question:
    read = Question(
        question=part.text("question", longest=160),
        answer=Claim(part.text("answer", longest=600), _read_cited(part, sources)),
    )
    part.end()
    return read
