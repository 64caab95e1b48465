"""What comes of a seed. Needs no Django, so that whoever only reads it needs none."""

from dataclasses import dataclass, field


@dataclass
class Played:
    """How a seed went: what happened at each step, and what was broken, if anything."""

    seed: int
    steps: int
    seconds: float = 0.0
    broken: str = ""
    trace: list[str] = field(default_factory=list)
