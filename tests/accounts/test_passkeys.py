"""Signing in by passkey, with an authenticator made of software; journeys use a browser's."""

import json
from hashlib import sha256
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from accounts import suspension
from accounts.models import Person
from tests.accounts.ways import is_in

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/2fa/webauthn/login/"
HERE, ID = str(settings.BASE_URL.hostname), b"a-passkey"
FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class Passkey:
    """A key pair of somebody's device, registered with their account."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = ES256.from_cryptography_key(self.key.public_key())
        kept = AttestedCredentialData.create(Aaguid.NONE, ID, public)
        data = self.data(FLAGS | AuthenticatorData.FLAG.AT, kept)
        made = {
            "clientDataJSON": websafe_encode(self.client("webauthn.create", "made")),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        extra = {"clientExtensionResults": {"credProps": {"rk": True}}}
        data_kept = {"name": "Passkey", "credential": self.shown(made) | extra}
        Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=data_kept)

    @staticmethod
    def data(flags: Any, kept: bytes = b"") -> AuthenticatorData:
        return AuthenticatorData.create(sha256(HERE.encode()).digest(), flags, 1, kept)

    @staticmethod
    def client(kind: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(kind, challenge, f"https://{HERE}")

    @staticmethod
    def shown(response: dict[str, str]) -> dict[str, Any]:
        key = websafe_encode(ID)
        return {"id": key, "rawId": key, "type": "public-key", "response": response}

    def answer(self, challenge: str) -> str:
        """What the browser sends for a challenge of ours."""
        client, data = self.client("webauthn.get", challenge), self.data(FLAGS)
        signed = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signed),
            "userHandle": websafe_encode(user_pk_to_url_str(self.person).encode()),
        }
        return json.dumps(self.shown(response) | {"clientExtensionResults": {}})


def sign_in(passkey: Passkey) -> tuple[Client, Any]:
    client = Client()
    asked = client.get(LOGIN, headers={"X-Requested-With": "XMLHttpRequest"}).json()
    challenge = asked["request_options"]["publicKey"]["challenge"]
    return client, client.post(LOGIN, {"credential": passkey.answer(challenge)}, follow=True)


def test_a_passkey_signs_in_until_its_person_is_suspended(buyer: Person, moderator: Person) -> None:
    """And then it says so, as the other ways in do."""
    passkey = Passkey(buyer)
    assert is_in(sign_in(passkey)[0])
    suspension.suspend(buyer, actor=moderator, reason="Stolen cards.")
    client, answer = sign_in(passkey)
    assert not is_in(client)
    assert "_auth_user_id" not in client.session
    assert "This account is suspended" in answer.content.decode()
    suspension.reinstate(buyer, actor=moderator, reason="A mistake.")
    assert is_in(sign_in(passkey)[0])
