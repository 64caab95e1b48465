"""Signing in with the stand-ins of GitHub and Google."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.x509 import load_pem_x509_certificate

from tests.sandbox.conftest import Sandbox

BACK = "http://127.0.0.1:9/callback/"
VERIFIER = "a-verifier-that-is-long-enough-for-pkce-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
AUTHORIZE = {"github": "/github/login/oauth/authorize", "google": "/google/o/oauth2/v2/auth"}
TOKEN = {"github": "/github/login/oauth/access_token", "google": "/google/token"}
PERSON = {"email": "new@example.com", "name": "Nia New", "sub": "777", "decision": "continue"}


def authorize(sandbox: Sandbox, issuer: str, **form: str) -> dict[str, str]:
    """What the authorize page sends back, after its hidden fields were posted with `form`."""
    query = {
        "client_id": "app",
        "redirect_uri": BACK,
        "response_type": "code",
        "state": "st&te",
        "nonce": "n1",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
    }
    page = requests.get(sandbox.url + AUTHORIZE[issuer], params=query, timeout=5)
    assert page.ok
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    hidden = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
    answer = requests.post(page.url, data=hidden | form, allow_redirects=False, timeout=5)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(BACK)
    found = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in found.items()}


def redeem(sandbox: Sandbox, issuer: str, code: str, **changed: str) -> requests.Response:
    """Asks for a token."""
    form = {
        "grant_type": "authorization_code",
        "client_id": "app",
        "client_secret": "secret",
        "redirect_uri": BACK,
        "code": code,
        "code_verifier": VERIFIER,
        **changed,
    }
    return requests.post(sandbox.url + TOKEN[issuer], data=form, timeout=5)


@pytest.mark.parametrize("verified", [True, False])
def test_github(sandbox: Sandbox, verified: bool) -> None:
    form = PERSON | ({"verified": "1"} if verified else {})
    answer = authorize(sandbox, "github", **form)
    assert answer["state"] == "st&te"
    token = redeem(sandbox, "github", answer["code"]).json()["access_token"]
    headers = {"Authorization": f"token {token}"}
    api = f"{sandbox.url}/github/api/v3/user"
    user = requests.get(api, headers=headers, timeout=5).json()
    assert (user["id"], user["login"]) == (777, "new")
    assert user["email"] == ("new@example.com" if verified else None)
    (address,) = requests.get(f"{api}/emails", headers=headers, timeout=5).json()
    assert (address["email"], address["verified"]) == ("new@example.com", verified)
    assert requests.get(api, timeout=5).status_code == 401


def test_google(sandbox: Sandbox) -> None:
    code = authorize(sandbox, "google", **PERSON, verified="1")["code"]
    answer = redeem(sandbox, "google", code).json()
    certificates = requests.get(f"{sandbox.url}/google/certs", timeout=5).json()
    keys = requests.get(f"{sandbox.url}/google/jwks", timeout=5).json()["keys"]
    kid = jwt.get_unverified_header(answer["id_token"])["kid"]
    key = load_pem_x509_certificate(certificates[kid].encode()).public_key()
    for public in (key, jwt.PyJWK(keys[0]).key):
        claims = jwt.decode(
            answer["id_token"],
            public,
            algorithms=["RS256"],
            audience="app",
            issuer=f"{sandbox.url}/google",
        )
    assert (claims["sub"], claims["nonce"], claims["email_verified"]) == ("777", "n1", True)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    info = requests.get(f"{sandbox.url}/google/userinfo", headers=headers, timeout=5).json()
    assert (info["given_name"], info["family_name"]) == ("Nia", "New")


@pytest.mark.parametrize("issuer", ["github", "google"])
def test_codes_work_once_and_only_for_their_owner(sandbox: Sandbox, issuer: str) -> None:
    code = authorize(sandbox, issuer, person="90210001")["code"]
    for wrong in (
        {"code_verifier": "other"},
        {"redirect_uri": BACK + "x"},
        {"client_id": "other"},
        {"client_secret": ""},
    ):
        assert "access_token" not in redeem(sandbox, issuer, code, **wrong).json()
    assert "access_token" in redeem(sandbox, issuer, code).json()
    assert "access_token" not in redeem(sandbox, issuer, code).json()


@pytest.mark.parametrize("issuer", ["github", "google"])
def test_denying(sandbox: Sandbox, issuer: str) -> None:
    answer = authorize(sandbox, issuer, decision="deny")
    assert answer == {"error": "access_denied", "state": "st&te"}


def test_an_incomplete_address_goes_nowhere(sandbox: Sandbox) -> None:
    url = sandbox.url + AUTHORIZE["google"]
    assert requests.get(url, timeout=5).status_code == 400
    script = {"client_id": "app", "redirect_uri": "javascript:alert(1)"}
    assert requests.get(url, params=script, timeout=5).status_code == 400
