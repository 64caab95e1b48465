"""One mailbox, one person: a hundred thousand spellings are one account or are refused."""

import unicodedata
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.addresses import BY_DOMAIN, HOSTS, Host, canonical
from accounts.lookalikes import LATIN

EXAMPLES, ALIASES_EACH = 1000, 100
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
WIDE = {ord(char): chr(ord(char) + 0xFEE0) for char in LETTERS + "@.+"}
CURIOUS = {"k": "\u212a", "s": "\u017f"}  # the Kelvin sign and the long s fold to plain letters
TWINS = {latin: [chr(o) for o, as_ in LATIN.items() if as_ == latin] for latin in LATIN.values()}

seeds = st.integers(min_value=0, max_value=2**32)
names = st.text(LETTERS, min_size=1, max_size=12)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(name=names, host=st.sampled_from(HOSTS), seed=seeds)
def test_aliases_of_a_mailbox_are_one_person(name: str, host: Host, seed: int) -> None:
    random = Random(seed)
    person = canonical(f"{name}@{host.domains[0]}")
    for _ in range(ALIASES_EACH):
        local = name
        if host.ignored:
            local = "".join(c + random.choice(["", "", host.ignored[-1]]) for c in local)
            local = local.rstrip(host.ignored)
        if random.random() < 0.5:
            local += "+" + "".join(random.choices(LETTERS, k=random.randint(0, 6)))
        alias = f"{local}@{random.choice(host.domains)}"
        alias = "".join(c.upper() if random.random() < 0.3 else c for c in alias)
        alias = "".join(CURIOUS.get(c, c) if random.random() < 0.2 else c for c in alias)
        if random.random() < 0.2:
            alias = alias.translate(WIDE)
        if random.random() < 0.2:
            alias = unicodedata.normalize("NFD", f" {alias}\t")
        assert canonical(alias) == person, alias


@settings(max_examples=300, deadline=None, database=None)
@given(name=names, domain=st.sampled_from(sorted(BY_DOMAIN)), seed=seeds)
def test_homographs_are_refused(name: str, domain: str, seed: int) -> None:
    """A letter of another alphabet that looks the same, before or behind the sign."""
    random = Random(seed)
    address = f"{name}@{domain}"
    for place, char in enumerate(address):
        if twins := TWINS.get(char):
            disguised = address[:place] + random.choice(twins) + address[place + 1 :]
            try:
                assert canonical(disguised) == canonical(address)
            except ValueError:
                continue


@pytest.mark.parametrize(
    "disguise",
    [
        "anna@gmаil.com",  # a Cyrillic а
        "anna@xn--gmil-63d.com",  # the same, as the name system writes it
        "anna@раураӏ.com",  # Cyrillic throughout
        "anna@gmaıl.com",  # a dotless i
        "аnna@gmail.com",
        "mıke@example.com",
        '"anna"@gmail.com',
        "anna@gmail.com.",
        "anna@[127.0.0.1]",
        "anna@localhost",
        "an na@gmail.com",
        "anna@@gmail.com",
        "+tag@gmail.com",
        "...@gmail.com",
        "@gmail.com",
        "",
        "anna@" + "x" * 300 + ".com",
    ],
)
def test_what_could_be_mistaken_is_refused(disguise: str) -> None:
    with pytest.raises(ValueError, match=r"not a|letters"):
        canonical(disguise)


def test_idna_is_one_domain() -> None:
    spellings = ("anna@bücher.example", "anna@xn--bcher-kva.example", "ANNA@BÜCHER.example")
    assert {canonical(one) for one in spellings} == {"anna@xn--bcher-kva.example"}
    assert canonical("anna@例え.テスト") == "anna@xn--r8jz45g.xn--zckzah"


def test_a_tag_is_somebody_else_where_the_host_does_not_say_otherwise() -> None:
    assert canonical("anna+x@example.com") != canonical("anna@example.com")
    assert canonical("an.na@example.com") != canonical("anna@example.com")
    assert canonical("anything@anna.fastmail.com") == canonical("anna+x@fastmail.com")


def test_canonical_is_canonical() -> None:
    for address in ("An.Na+x@GoogleMail.com", "a-b_c@pm.me", "x@me.com", "Ä@example.com"):
        try:
            once = canonical(address)
        except ValueError:
            continue
        assert canonical(once) == once
