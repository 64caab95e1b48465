"""Ways to go on elsewhere, in what people write: masked before it is stored, so that nothing later
has to remember to."""

import re
import unicodedata

MASK = "[contact removed]"
CONTACTS = re.compile(
    r"""
    [\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\s?(?:\.|\(dot\)|\[dot\])\s?[\w-]+)+  # mail
    | \b(?:https?://|www\.)\S+                                                     # links
    | \b(?:t\.me|wa\.me|discord\.(?:gg|com)|signal\.me|m\.me)/\S+                  # messengers
    | \b(?:telegram|whatsapp|signal|discord|skype|wechat)\b[\s:]{0,3}@?[\w.#-]*[\d_@#][\w.#-]*
    | (?<!\w)@[A-Za-z][\w.]{3,}                                                    # handles
    | (?<![\w-])\+\d[\d\s().-]{7,18}\d                                             # telephones
    | (?<![\w.-])0\d{2,4}[\s/.-]\d[\d\s/.-]{4,12}\d
    """,
    re.VERBOSE | re.IGNORECASE,
)


def masked(text: str, *, but: str = "") -> str:
    """The text without ways to go on elsewhere; `but`: the account that the credit goes to.

    Where one is written in wide or styled letters, the text becomes its plain form.
    """
    kept, plain = but.strip().casefold(), unicodedata.normalize("NFKC", text)
    if CONTACTS.search(plain):
        text = plain
    return CONTACTS.sub(
        lambda found: found[0] if kept and found[0].strip().casefold() == kept else MASK, text
    )
