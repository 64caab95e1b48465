"""Keys are found in every form that we know, and ordinary text is left alone."""

import time

import pytest

from providers.catalogue import catalogue_entries
from providers.secret_patterns import find_secrets, secret_patterns
from tests.providers.example_keys import make_key

FORMS = [
    (entry.slug, token["pattern"], token["near"])
    for entry in catalogue_entries()
    for token in entry.provider["token_patterns"]
]
OWN = [(slug, pattern) for slug, pattern, near in FORMS if not near]
NEARBY = [(slug, pattern, near) for slug, pattern, near in FORMS if near]
SHARED = [
    (pattern.kind, pattern.form.pattern) for pattern in secret_patterns() if not pattern.provider
]


@pytest.mark.parametrize(("slug", "pattern"), OWN)
def test_a_key_with_its_own_beginning_is_found_anywhere(slug: str, pattern: str) -> None:
    for seed in range(20):
        key = make_key(pattern, seed=seed)
        found = find_secrets(f"Use this one: {key} and tell me when you are in.")
        assert slug in {secret.provider for secret in found}, key
        assert all(key not in secret.masked for secret in found)


@pytest.mark.parametrize(("slug", "pattern", "near"), NEARBY)
def test_a_key_without_one_is_found_near_its_providers_name(
    slug: str, pattern: str, near: list[str]
) -> None:
    for seed in range(20):
        key = make_key(pattern, seed=seed)
        for word in near:
            assert find_secrets(f"My {word.title()} access is {key} for you."), (word, key)
            assert find_secrets(f"Here: {key}\n({word.replace(' ', '_').upper()})"), (word, key)


@pytest.mark.parametrize(("kind", "pattern"), SHARED)
def test_secrets_of_no_provider_are_found(kind: str, pattern: str) -> None:
    for seed in range(20):
        assert find_secrets(f"see {make_key(pattern, seed=seed)} ok"), kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Two thousand dollars of credit, bought in March, valid until 12 March 2027.",
        "Redeem ABCD-1234-EFGH, then WXYZ-9876-MNOP, in the console under Billing.",
        "Voucher SCW-2026-SUMMER-4711 for Scaleway; it covers GPU instances only.",
        "Order 123e4567-e89b-12d3-a456-426614174000 is the one I mean.",
        "Our commit is 9fceb02d0ae598e95dc970b74767f19372d61af8.",
        "Write to first.last+credit@example.com or call +44 20 7946 0958.",
        "https://replicate.com/docs/topics/security/api-tokens says tokens begin with r8_.",
        "https://console.cloud.google.com/billing/01A2B3-C4D5E6-F7A8B9?project=my-project-123456",
        "An API key is not part of this sale: the credit moves by Vast.ai's own transfer.",
        "sk-learn and fc-barcelona are not keys; hf_transfer is a library.",
        "The password: you choose it yourself when you sign up.",
        "Account 4111 1111 1111 1111 is a test card; IBAN DE89 3704 0044 0532 0130 00.",
        "Mistral and Azure, Cohere and Deepgram: all of them are on the list of providers.",
        "acct_1032D82eZvKYlo2C and pi_3MtwBwLkdIwHu7ix28a3tqPa are ids at the processor.",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert find_secrets(text) == []


def test_an_identifier_far_from_the_name_is_left_alone() -> None:
    identifier = "123e4567-e89b-12d3-a456-426614174000"
    assert find_secrets(f"Scaleway voucher. {'It covers instances. ' * 5}Order {identifier}.") == []


def test_the_match_says_whose_key_it_is_without_giving_it_away() -> None:
    (secret,) = find_secrets(f"token r8_{'aB3' * 12}x")
    assert (secret.provider, secret.kind) == ("replicate", "Replicate key")
    assert secret.masked == "r8_a… (40 characters)"


@pytest.mark.parametrize("length", [20, 37, 40, 60])
def test_a_replicate_token_of_another_length_is_found_as_well(length: int) -> None:
    assert find_secrets("r8_" + "a1B2" * (length // 4))


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u2060", "\ufeff"])
def test_invisible_characters_do_not_hide_a_key(hidden: str) -> None:
    assert find_secrets(f"r8_{hidden}{'aB3' * 12}x")


def test_full_width_letters_do_not_hide_a_key() -> None:
    assert find_secrets("\uff52\uff18_" + "aB3" * 12 + "x")


def test_several_secrets_come_in_the_order_of_the_text() -> None:
    found = find_secrets(f"ghp_{'a' * 36} then r8_{'aB3' * 12}x then AKIA{'B2' * 8}")
    assert [secret.masked[:4] for secret in found] == ["ghp_", "r8_a", "AKIA"]


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "sk-proj-" * 25_000,
        "mistral azure " + "a" * 200_000,
        ("api key is " + "a" * 60) * 2_000,
        ("AKIA" + "B2" * 8 + " ") * 8_000,
        "-----BEGIN " * 20_000,
        "sk-" + "a-_" * 60_000,
    ],
)
def test_hostile_text_costs_little_time(text: str) -> None:
    started = time.perf_counter()
    find_secrets(text)
    assert time.perf_counter() - started < 5
