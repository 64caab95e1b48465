"""Providers' balance APIs and their failures."""

import pytest
import requests

from tests.sandbox.conftest import Sandbox

PATHS = {
    "vast": "/providers/vast/api/v0/users/current/",
    "openrouter": "/providers/openrouter/api/v1/credits",
    "deepseek": "/providers/deepseek/user/balance",
}


def ask(sandbox: Sandbox, slug: str, key: str = "k1") -> requests.Response:
    """Reads a balance."""
    headers = {"Authorization": f"Bearer {key}"}
    url = sandbox.url + PATHS[slug]
    return requests.get(url, headers=headers, timeout=5, allow_redirects=False)


def test_each_provider_has_its_shape(sandbox: Sandbox) -> None:
    for slug in PATHS:
        given = {"remaining": 12.5, "granted": 20, "used": 7.5}
        sandbox.control(f"providers/{slug}/accounts/k1/", given)
        assert ask(sandbox, slug, "unknown").status_code == 401
    assert ask(sandbox, "vast").json()["credit"] == 12.5
    assert ask(sandbox, "openrouter").json() == {"data": {"total_credits": 20, "total_usage": 7.5}}
    (info,) = ask(sandbox, "deepseek").json()["balance_infos"]
    assert (info["currency"], info["total_balance"]) == ("USD", "12.50")
    assert requests.get(f"{sandbox.url}/providers/nobody/x", timeout=5).status_code == 404


def test_figures_follow_from_each_other(sandbox: Sandbox) -> None:
    path = "providers/openrouter/accounts/k1/"
    assert sandbox.control(path, {"granted": 30, "used": 5})["remaining"] == 25
    assert sandbox.control(path, {"remaining": 35})["granted"] == 40


@pytest.mark.parametrize(
    ("kind", "status"), [("status_500", 500), ("redirect", 302), ("lag", 200), ("garbage", 200)]
)
def test_failures(sandbox: Sandbox, kind: str, status: int) -> None:
    path = "providers/vast/accounts/k1/"
    sandbox.control(path, {"remaining": 1})
    sandbox.control(path, {"remaining": 9})
    sandbox.control("providers/vast/faults/", {"kind": kind, "times": 1})
    answer = ask(sandbox, "vast")
    assert answer.status_code == status
    if kind == "lag":
        assert answer.json()["credit"] == 1
    if kind == "garbage":
        with pytest.raises(ValueError, match="Expecting value"):
            answer.json()
    assert ask(sandbox, "vast").json()["credit"] == 9


def test_a_reset_connection_and_a_huge_answer(sandbox: Sandbox) -> None:
    sandbox.control("providers/vast/accounts/k1/", {"remaining": 1})
    sandbox.control("providers/vast/faults/", {"kind": "reset", "times": 1})
    with pytest.raises(requests.ConnectionError):
        ask(sandbox, "vast")
    sandbox.control("providers/vast/faults/", {"kind": "huge", "times": 1})
    headers = {"Authorization": "Bearer k1"}
    with requests.get(
        sandbox.url + PATHS["vast"], headers=headers, stream=True, timeout=5
    ) as answer:
        taken = sum(len(chunk) for chunk, _ in zip(answer.iter_content(65536), range(80)))  # noqa: B905
    assert taken > 5_000_000
    assert ask(sandbox, "vast").ok
