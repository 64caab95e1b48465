"""All guides at hand, and the words in them found again."""

from collections.abc import Iterator
from typing import NamedTuple

from accounts.kept import Kept
from providers.composing import guide_to
from providers.guides import Guide, Part
from providers.models import Provider
from providers.written import written_guides

KEPT_SECONDS, MOST_WORDS = 30, 8


class Shelved(NamedTuple):
    """A guide and its provider."""

    guide: Guide
    provider: Provider


class Hit(NamedTuple):
    """A guide that has all the words, and a passage that has most of them."""

    guide: Guide
    provider: Provider
    part: Part | None
    text: str


_shelf: Kept[tuple[Shelved, ...]] = Kept(seconds=KEPT_SECONDS, most=1)


def shelf() -> tuple[Shelved, ...]:
    """The guides to all providers in the catalogue, by name; at most half a minute old."""
    return _shelf.get("all", _read)


def _read() -> tuple[Shelved, ...]:
    written = written_guides()
    return tuple(
        Shelved(guide_to(one, written.get(one.slug)), one) for one in Provider.objects.for_page()
    )


def search(words: str) -> list[Hit]:
    """The guides that have every word somewhere; those that have them in one passage first."""
    wanted = [word.casefold() for word in words.split()[:MOST_WORDS]]
    if not wanted:
        return []
    hits = [hit for shelved in shelf() if (hit := _hit(shelved, wanted))]
    hits.sort(key=lambda found: found[0], reverse=True)
    return [hit for _, hit in hits]


def _hit(shelved: Shelved, wanted: list[str]) -> tuple[int, Hit] | None:
    guide, provider = shelved
    passages = [(None, f"{provider.name} {guide.title}", guide.summary), *_passages(guide)]
    folded = [f"{title} {text}".casefold() for _, title, text in passages]
    if not all(any(word in text for text in folded) for word in wanted):
        return None
    counts = [sum(word in text for word in wanted) for text in folded]
    best = max(range(len(passages)), key=lambda n: (counts[n], -n))
    part, _, text = passages[best]
    return counts[best], Hit(guide, provider, part, text)


def _passages(guide: Guide) -> Iterator[tuple[Part | None, str, str]]:
    """Every sentence of a guide, with the part that it stands in and its title."""
    for part in guide.parts:
        yield from ((part, part.title, one.text) for one in (*part.steps, *part.claims))
        for one in part.disagreements:
            yield from ((part, one.about, said.text) for said in one.says)
            yield part, one.about, one.reading
        for row in part.table.rows if part.table else ():
            yield part, part.title, ", ".join(row)
    yield from ((None, one.question, one.answer.text) for one in guide.questions)
