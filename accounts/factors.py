"""Second factors: who has one, whether a session has shown it, and how their secrets are kept."""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from accounts import encryption, one_person
from accounts.models import Person

# Recovery codes go with one of these; by themselves they are none.
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_one(person: Person) -> bool:
    """Whether the person has a second factor."""
    return bool(Authenticator.objects.filter(user=person, type__in=KINDS).exists())


def shown(request: HttpRequest) -> bool:
    """Whether the person has shown a second factor in this session."""
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)


def compare_passkey(person: Person, credential_id: str) -> None:
    """The same passkey at another account: a case, which forbids nothing.

    Browsers make a new one for each account; who carries one over has a program do it.
    """
    others = Authenticator.objects.filter(
        type=Authenticator.Type.WEBAUTHN, data__credential__id=credential_id
    ).exclude(user=person)
    for other in others.values_list("user_id", flat=True):
        one_person.raise_case(person.pk, other, evidence="passkey")


class FactorAdapter(DefaultMFAAdapter):
    """Secrets are kept under the ring of field keys, and passkeys are bound to our own name."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right, or it has been used. Wait for the next one.",
        "unverified_email": "Confirm your e-mail address first: follow the link in our mail.",
        "cannot_generate_recovery_codes": "Recovery codes come with a second factor. Set one up.",
    }

    def encrypt(self, text: str) -> str:
        key_id, ciphertext = encryption.encrypt(text)
        return f"{key_id}:{ciphertext.decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        key_id, _, ciphertext = encrypted_text.partition(":")
        return encryption.decrypt(key_id, ciphertext.encode())

    def generate_authenticator_name(self, user: Person, type: str) -> str:  # noqa: A002
        count = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {count + 1}" if count else "Passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """In production a passkey belongs to BASE_URL's host, whatever host a request names."""
        asked = context.request.get_host().partition(":")[0]
        own = str(settings.BASE_URL.hostname)
        return {"id": asked if settings.DEBUG else own, "name": "Surplus"}
