"""Every reader: against its documented answer, and over HTTP against the sandbox, well and ill."""

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache

from providers import outbound, readings
from providers.catalogue import catalogue_entries
from providers.catalogue_reader import ROWS, Reader
from providers.formula import Unreadable
from providers.readings import KeyMalformed, Reading, ReadingFailed
from tests.providers.documented import DOCUMENTED
from tests.sandbox_process import SandboxProcess

EXAMPLES = {
    entry.slug: entry.provider["balance_api"]["example"]
    for entry in catalogue_entries()
    if entry.reader
}
SLUGS = sorted(EXAMPLES)
FAULTS = ["status_500", "redirect", "garbage", "huge", "reset"]
PROBLEMS = {
    "status_500": "error_status",
    "redirect": "redirect",
    "garbage": "unreadable",
    "huge": "too_large",
    "reset": "connection",
    "slow": "timeout",
}


def reader(slug: str) -> Reader:
    """The reader of one provider."""
    found = readings.reader_of(slug)
    assert found is not None
    return found


def a_key(one: Reader) -> str:
    """A key in all the parts that the provider wants, for an account of its own."""
    return " ".join([*(f"part-{name}" for name in one.key_parts), f"key-{uuid4().hex}"])


def account(sandbox: SandboxProcess, one: Reader, key: str, **figures: float) -> None:
    """Set what the sandbox answers to a key; AWS sends the id of a key and never the key."""
    name = "part-access_key_id" if one.sign == "aws4" else key.split()[-1]
    sandbox.control("POST", f"providers/{one.slug}/accounts/{name}/", figures)


def compared(reading: Reading) -> Decimal:
    """The figure or the rows that an arrival moves, as one amount."""
    return sum((amount for _, amount in reading.rows), Decimal(0)) + (reading.figure or 0)


def shape(value: Any) -> Any:
    """The names in an answer, without its values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(inner) for inner in value[:1]] if isinstance(value, list) else None


def test_all_forty_official_calls_can_be_read() -> None:
    assert sorted(DOCUMENTED) == SLUGS
    assert len(SLUGS) == 40


@pytest.mark.parametrize("slug", SLUGS)
def test_the_documented_answer_is_understood(slug: str) -> None:
    reading = readings.understand(reader(slug), EXAMPLES[slug].encode())
    remaining, moved = DOCUMENTED[slug]
    assert reading.remaining == remaining
    if isinstance(moved, list):
        assert [amount for _, amount in reading.rows] == moved
    else:
        assert reading.figure == moved
    assert Reading.from_data(json.loads(json.dumps(reading.as_data()))) == reading


@pytest.mark.parametrize("slug", SLUGS)
def test_an_answer_without_one_of_its_figures_says_nothing(slug: str) -> None:
    one = reader(slug)
    for broken in (
        b"{}",
        b"[]",
        b"null",
        b'"x"',
        b"NaN",
        b"[" * 5000,
        EXAMPLES[slug][:-1].encode(),
    ):
        with pytest.raises(Unreadable):
            readings.understand(one, broken)


@pytest.mark.parametrize("slug", SLUGS)
def test_over_http_an_arrival_is_seen_and_no_failure_is_taken_for_one(
    slug: str, sandbox: SandboxProcess
) -> None:
    one = reader(slug)
    key = a_key(one)
    account(sandbox, one, key, granted=60, used=20)
    before = readings.read(one, key)
    account(sandbox, one, key, granted=100, used=20)
    after = readings.read(one, key)
    assert after.remaining - before.remaining == 40
    assert compared(after) - compared(before) == 40
    for fault in FAULTS:
        cache.clear()
        sandbox.control("POST", f"providers/{slug}/faults/", {"kind": fault, "times": 1})
        with pytest.raises(ReadingFailed) as failed:
            readings.read(one, key)
        assert failed.value.problem == PROBLEMS[fault]
        assert key.split()[-1] not in str(failed.value)
    sandbox.control("POST", f"providers/{slug}/faults/", {"kind": "lag", "times": 1})
    assert compared(readings.read(one, key)) == compared(before)
    assert readings.read(one, key) == after


@pytest.mark.parametrize("slug", SLUGS)
def test_the_sandbox_answers_in_the_documented_shape(slug: str, sandbox: SandboxProcess) -> None:
    one = reader(slug)
    key = a_key(one)
    account(sandbox, one, key, granted=60, used=20)
    answer = outbound.send_call(readings._call(one, readings.key_parts(one, key)), hosts=one.hosts)
    assert shape(json.loads(answer.body)) == shape(json.loads(EXAMPLES[slug]))


def test_spending_moves_what_is_left_and_not_what_arrived(sandbox: SandboxProcess) -> None:
    for slug in ("openrouter", "vercel", "scaleway", "aws"):
        one = reader(slug)
        key = a_key(one)
        account(sandbox, one, key, granted=60, used=20)
        before = readings.read(one, key)
        account(sandbox, one, key, granted=60, used=35)
        after = readings.read(one, key)
        assert after.remaining == before.remaining - 15
        assert compared(after) == compared(before)


def test_a_key_that_the_provider_does_not_know_is_the_keys_fault(sandbox: SandboxProcess) -> None:
    with pytest.raises(ReadingFailed) as failed:
        readings.read(reader("vast"), "key-nobody")
    assert (failed.value.problem, failed.value.by_key) == ("key_refused", True)


def test_a_slow_answer_is_given_up(sandbox: SandboxProcess) -> None:
    """Abuse case 45: slow."""
    one, key = reader("vast"), "key-slow"
    account(sandbox, one, key, remaining=1)
    sandbox.control("POST", "providers/vast/faults/", {"kind": "slow", "times": 1})
    with pytest.raises(ReadingFailed, match="timeout"):
        readings.read(one, key)


def test_after_five_failures_the_provider_is_left_alone_and_the_others_are_not(
    sandbox: SandboxProcess,
) -> None:
    """Abuse case 45: the breaker opens."""
    one, key = reader("vast"), "key-breaker"
    account(sandbox, one, key, remaining=1)
    sandbox.control("POST", "providers/vast/faults/", {"kind": "status_500", "times": 5})
    for _ in range(5):
        with pytest.raises(ReadingFailed, match="error_status"):
            readings.read(one, key)
    with pytest.raises(ReadingFailed, match="resting"):
        readings.read(one, key)
    other = reader("openrouter")
    account(sandbox, other, "key-other", granted=1)
    assert readings.read(other, "key-other").figure == 1


def test_a_wrong_key_does_not_open_the_breaker(sandbox: SandboxProcess) -> None:
    for _ in range(6):
        with pytest.raises(ReadingFailed, match="key_refused"):
            readings.read(reader("vast"), "key-unknown")


@pytest.mark.parametrize(
    ("slug", "key"),
    [
        ("vast", ""),
        ("vast", "two parts"),
        ("vast", "key\r\nX-Evil: 1"),
        ("vast", "kéy"),
        ("vast", "k" * 4001),
        ("xai", "only-the-key"),
        ("xai", "../../teams key"),
        ("xai", "team/other key"),
        ("twilio", ".. key"),
        ("cloudflare", "a?b key"),
    ],
)
def test_what_cannot_be_a_key_is_refused_without_being_quoted(slug: str, key: str) -> None:
    with pytest.raises(KeyMalformed) as refused:
        readings.key_parts(reader(slug), key)
    assert "evil" not in str(refused.value).lower()
    assert len(str(refused.value)) < 200


def test_a_key_in_an_address_is_quoted() -> None:
    call = readings._call(reader("serpapi"), {"key": "a&b=c/../#d"})
    assert call.url == "https://serpapi.com/account.json?api_key=a%26b%3Dc%2F..%2F%23d"
    assert "a%26b" not in repr(call)


def test_moonshot_and_siliconflow_must_say_that_it_went_well() -> None:
    for slug, good, bad in (
        ("moonshot", '"status": true', '"status": false'),
        ("moonshot", '"code": 0', '"code": 7'),
        ("siliconflow", "20000", "50000"),
    ):
        assert good in EXAMPLES[slug]
        with pytest.raises(Unreadable):
            readings.understand(reader(slug), EXAMPLES[slug].replace(good, bad).encode())


def test_a_list_that_is_not_whole_is_not_counted() -> None:
    half = EXAMPLES["aws"].replace('{"credits"', '{"nextToken": "more", "credits"')
    with pytest.raises(Unreadable):
        readings.understand(reader("aws"), half.encode())
    more = EXAMPLES["scaleway"].replace('"total_count": 1', '"total_count": 2')
    with pytest.raises(Unreadable):
        readings.understand(reader("scaleway"), more.encode())


def test_an_account_without_any_grant_has_a_currency_and_no_rows() -> None:
    empty = readings.understand(reader("aws"), b'{"credits": []}')
    assert (empty.rows, empty.currency, empty.remaining) == ((), "USD", 0)
    assert reader("aws").kind == ROWS


def test_nothing_of_an_answer_is_kept_but_figures() -> None:
    for slug, private in (("vast", "user@example.com"), ("serpapi", "SECRET_API_KEY")):
        kept = json.dumps(readings.understand(reader(slug), EXAMPLES[slug].encode()).as_data())
        assert private in EXAMPLES[slug]
        assert private not in kept


def test_only_https_hosts_of_the_catalogue_are_ever_asked() -> None:
    hosts = readings.allowed_hosts()
    assert "console.vast.ai" in hosts
    assert not any(host in hosts for host in ("api.hyperbolic.xyz", "127.0.0.1", "localhost"))
    assert all(reader(slug).url.startswith("https://") for slug in SLUGS)
