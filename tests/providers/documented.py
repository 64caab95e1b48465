"""What a person reads out of each documented answer: what is left, and the figure or row that an
arrival moves. Worked out by hand from the examples in the catalogue, not by the formulas.
"""

from decimal import Decimal

# slug: (what is left, the figure, or the amounts of the rows)
DOCUMENTED: dict[str, tuple[Decimal, Decimal | list[Decimal]]] = {
    "aimlapi": (Decimal(551564495), Decimal(551564495)),
    "aws": (Decimal("812.50"), [Decimal(1000)]),
    "azure": (Decimal("497.87"), [Decimal(500)]),
    "bfl": (Decimal(1234), Decimal(1234)),
    "brightdata": (Decimal(100), Decimal(100)),
    "chutes": (Decimal("12.5"), Decimal("12.5")),
    "cloudflare": (Decimal(25), Decimal(25)),
    "deepgram": (Decimal("180.25"), [Decimal("180.25")]),
    "deepinfra": (Decimal("18.08"), Decimal("18.08")),
    "deepseek": (Decimal("23.45"), Decimal("23.45")),
    "digitalocean": (Decimal("-23.44"), Decimal("-12.23")),
    "elevenlabs": (Decimal(82769), Decimal(100000)),
    "fal": (Decimal("24.5"), Decimal("24.5")),
    "featherless": (Decimal("42.488"), Decimal("42.5")),
    "firecrawl": (Decimal(1000), Decimal(1000)),
    "heygen": (Decimal(360), Decimal(360)),
    "leonardo": (Decimal("12.4567"), Decimal("12.4567")),
    "linode": (Decimal(50), [Decimal(50)]),
    "luma": (Decimal(25), Decimal(25)),
    "meshy": (Decimal(1000), Decimal(1000)),
    "moonshot": (Decimal("49.58894"), Decimal("49.58894")),
    "novita": (Decimal(80), Decimal(80)),
    "openrouter": (Decimal("74.75"), Decimal("100.5")),
    "ovhcloud": (Decimal("12.5"), Decimal("12.5")),
    "poe": (Decimal(1500), Decimal(1500)),
    "recraft": (Decimal(1000), Decimal(1000)),
    "runpod": (Decimal("42.17"), Decimal("42.17")),
    "runway": (Decimal(1250), Decimal(1250)),
    "scaleway": (Decimal(880), [Decimal(1000)]),
    "serpapi": (Decimal(5958), Decimal(0)),
    "siliconflow": (Decimal("88.88"), Decimal("88.88")),
    "stability": (Decimal("0.6336833840314097"), Decimal("0.6336833840314097")),
    "tavily": (Decimal(850), Decimal(850)),
    "twilio": (Decimal("0.05"), Decimal("0.05")),
    "vast": (Decimal("25.5"), Decimal("25.5")),
    "venice": (Decimal(25), Decimal(25)),
    "vercel": (Decimal("95.50"), Decimal(100)),
    "vultr": (Decimal("87.5"), Decimal(100)),
    "wavespeed": (Decimal("156.78"), Decimal("156.78")),
    "xai": (Decimal("23.17"), [Decimal(25)]),
}
