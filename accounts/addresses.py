"""The canonical form of an e-mail address: two spellings of one mailbox are one person."""

import unicodedata

import idna

# Gmail ignores dots and everything after a plus, and answers to two domains
# (support.google.com/mail/answer/7436150 and /10313).
GMAIL = {"gmail.com", "googlemail.com"}


def canonical(email: str) -> str:
    """Fold case, Unicode look-alike forms, IDNA and Gmail's aliases away.

    Raises ValueError where the domain is not a domain.
    """
    local, at, domain = unicodedata.normalize("NFKC", email.strip()).casefold().rpartition("@")
    if not (local and at and domain):
        raise ValueError("not an e-mail address")
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError("not a domain") from error
    if domain in GMAIL:
        domain = "gmail.com"
        local = local.partition("+")[0].replace(".", "")
        if not local:
            raise ValueError("not an e-mail address")
    return f"{local}@{domain}"
