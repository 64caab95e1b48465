"""Pictures from strangers: pixels only. Whatever else a file carried is gone."""

import io

from PIL import Image, ImageOps

from accounts.refusals import Invalid

MOST_PIXELS = 40_000_000


def re_encoded(
    raw: bytes, *, field: str, most_pixels: int = MOST_PIXELS, otherwise: str = "a PNG or JPEG file"
) -> tuple[bytes, str, bytes]:
    """The picture drawn anew, its kind (png or jpeg), and its bare pixels to tell it again by.

    Raises Invalid naming `field`. A picture that would be large unpacked is refused unread.
    """
    try:
        with Image.open(io.BytesIO(raw), formats=["PNG", "JPEG"]) as image:
            if image.width * image.height > most_pixels:
                raise Invalid(field, "This picture is too large.")
            out = io.BytesIO()
            kind = "png" if image.format == "PNG" else "jpeg"
            plain = ImageOps.exif_transpose(image).convert("RGB")
            # A comment or a colour profile would be written along.
            plain.info.clear()
            plain.save(out, kind)
    except Invalid:
        raise
    except Exception as error:  # whatever a broken file makes the library stumble over
        raise Invalid(field, f"Attach {otherwise}.") from error
    size = f"{plain.width}x{plain.height}:".encode()
    return out.getvalue(), kind, size + plain.tobytes()
