"""The picture of a guide for where addresses are passed on: its provider's name, and our mark."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, EDGE = 1200, 630, 90
PAPER, INK, GREY, ACCENT, HALF = "#f7fafa", "#14201f", "#4a5856", "#005a5c", "#5f9a9b"
KEPT = 100
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(KEPT)
def draw(name: str, summary: str) -> bytes:
    """A PNG of 1200 by 630; drawn once for each text and process, in some fifty milliseconds."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, HEIGHT - 12, WIDTH, HEIGHT), fill=ACCENT)
    pen.pieslice((EDGE + 35, 62, EDGE + 115, 142), 180, 360, fill=ACCENT)
    pen.pieslice((EDGE, 71, EDGE + 80, 151), 0, 180, fill=HALF)
    pen.text((EDGE + 140, 74), "Surplus", font=_font(54), fill=INK, stroke_width=1, stroke_fill=INK)
    line = 250
    for text in _wrapped(pen, f"{name} credit", _font(84), most=2):
        pen.text((EDGE, line), text, font=_font(84), fill=INK, stroke_width=1, stroke_fill=INK)
        line += 98
    line += 14
    promise = "What there is, when it ends, how it moves. Every claim with its source."
    pen.text((EDGE, HEIGHT - 90), promise, font=_font(28), fill=GREY)
    for text in _wrapped(pen, summary, _font(36), most=3):
        pen.text((EDGE, line), text, font=_font(36), fill=GREY)
        line += 50
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


@lru_cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _wrapped(pen: ImageDraw.ImageDraw, text: str, font: Font, *, most: int) -> list[str]:
    """The text in lines that fit, the last of them shortened where there is more."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if pen.textlength(longer, font=font) <= WIDTH - 2 * EDGE:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} …"]
    return lines
