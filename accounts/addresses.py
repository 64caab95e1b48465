"""The canonical form of an e-mail address: two spellings of one mailbox are one person.

What a host ignores is folded away only where the host says so; everywhere else `a+b@` may be
somebody other than `a@`. Addresses that only look like another's are refused.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

from accounts.lookalikes import LATIN

LONGEST = 254


@dataclass(frozen=True)
class Host:
    """One mail host: the domains of a mailbox, the first being its canonical one, and which
    characters of the local part it ignores, and where a tag begins."""

    domains: tuple[str, ...]
    ignored: str = ""
    tag: str = "+"


# Sources: support.google.com/mail/answer/7436150 and /10313; support.microsoft.com "Add or remove
# an e-mail alias" and learn.microsoft.com "Plus addressing"; fastmail.help "Plus addressing and
# subdomain addressing"; proton.me/support "addresses and aliases" (dots, hyphens and underscores
# are ignored); support.apple.com/guide/icloud "mail aliases" (me.com and mac.com are the older
# names of one mailbox); yandex.com/support/mail "aliases" (a hyphen is a dot);
# zoho.com/mail/help "plus addressing"; migadu.com, mailbox.org and posteo.de, subaddressing.
HOSTS = (
    Host(("gmail.com", "googlemail.com"), ignored="."),
    Host(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), ignored=".-_"),
    Host(("icloud.com", "me.com", "mac.com")),
    Host(("yandex.com", "yandex.ru", "ya.ru", "yandex.by", "yandex.kz", "yandex.ua"), ignored=".-"),
    *(
        Host((domain,))
        for domain in (
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "fastmail.com",
            "fastmail.fm",
            "zohomail.com",
            "zoho.com",
            "mailbox.org",
            "posteo.de",
            "hey.com",
            "tuta.com",
        )
    ),
)
BY_DOMAIN = {domain: host for host in HOSTS for domain in host.domains}
# Fastmail delivers anything@name.fastmail.com to name@fastmail.com.
SUBDOMAINS = ("fastmail.com", "fastmail.fm")

# What Django's own field lets through, in lower case and without quotation marks.
LOCAL = re.compile(r"[a-z0-9!#$%&'*/=?^_`{|}~+-]+(?:\.[a-z0-9!#$%&'*/=?^_`{|}~+-]+)*")


def canonical(email: str) -> str:
    """Fold case, Unicode forms, IDNA and the host's aliases away.

    Raises ValueError where it is no address, or one that could be mistaken for another.
    """
    folded = unicodedata.normalize("NFKC", email.strip()).casefold()
    local, at, domain = unicodedata.normalize("NFKC", folded).rpartition("@")
    if not (at and LOCAL.fullmatch(local)):
        raise ValueError("not an e-mail address")
    domain = _domain(domain)
    base, _, parent = domain.partition(".")
    if parent in SUBDOMAINS:
        local, domain = base, parent
    if host := BY_DOMAIN.get(domain):
        local = local.partition(host.tag)[0].translate(dict.fromkeys(map(ord, host.ignored)))
        domain = host.domains[0]
    if not local or len(local) + len(domain) >= LONGEST:
        raise ValueError("not an e-mail address")
    return f"{local}@{domain}"


def is_address(email: str) -> bool:
    """Whether it is one that could be somebody's here."""
    try:
        canonical(email)
    except ValueError:
        return False
    return True


def counted_as(email: str) -> str:
    """What tries for a mailbox are counted by, known or not, however its address is spelled."""
    try:
        return canonical(email)
    except ValueError:
        return email.strip().casefold()


@lru_cache(maxsize=4096)
def _domain(typed: str) -> str:
    """A domain as the name system writes it. Raises ValueError for none, and for a look-alike."""
    try:
        encoded = idna.encode(typed, uts46=True).decode("ascii")
        shown = idna.decode(encoded)
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError("not a domain") from error
    if "." not in encoded or encoded.endswith("."):
        raise ValueError("not a domain")
    for label in shown.split("."):
        _refuse_lookalike(label)
    return encoded


def _refuse_lookalike(label: str) -> None:
    """Letters of two alphabets in one label, or one that reads as plain Latin, are a disguise."""
    if label.isascii():
        return
    scripts = {unicodedata.name(char, "?").split()[0] for char in label if char.isalpha()}
    # Japanese is written in three at once.
    if len(scripts - {"HIRAGANA", "KATAKANA", "CJK"}) > 1:
        raise ValueError("letters of more than one alphabet")
    if label.translate(LATIN).isascii():
        raise ValueError("letters that look like others")
