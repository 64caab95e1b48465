"""Codes of an authenticator app and recovery codes: each opens the door once."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.cache import cache

from accounts import factors
from accounts.models import Person

# The code of one step is right during its own half minute, the one before and the one after.
A_CODE_LIVES_SECONDS = 120


def _code_field() -> forms.CharField:
    return forms.CharField(
        label="Code",
        max_length=32,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


def _claim(person: Person, code: str) -> None:
    """Of all who come with the same code, the first gets in. Raises ValidationError.

    allauth remembers a code for one period, but a tolerance lets it live for three.
    """
    key = f"second-factor:{person.pk}:{normalize_user_code(code)}"
    if not cache.add(key, 1, timeout=A_CODE_LIVES_SECONDS):
        raise get_adapter().validation_error("incorrect_code")


class Once(forms.Form):
    """A code that has opened something opens nothing more."""

    user: Person
    code = _code_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field()

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        _claim(self.user, code)
        return code


class AuthenticateForm(Once, AllauthAuthenticateForm):
    """The second step of signing in."""


class ReauthenticateForm(Once, AllauthReauthenticateForm):
    """Showing the factor once more."""


class ActivateForm(ActivateTOTPForm):
    """Setting up an authenticator app: its first code shows that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field()
        self.fields["code"].label = "Code that the app shows"

    def clean_code(self) -> str:
        code: str = super().clean_code()
        _claim(self.user, code)
        # Whoever sets up a factor, having shown who they are, has shown that factor.
        record_authentication(context.request, self.user, "mfa", type="totp")
        return code


class AddPasskeyForm(AddWebAuthnForm):
    """Adding a passkey: it has just answered our challenge."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if cleaned.get("credential"):
            record_authentication(context.request, self.user, "mfa", type="webauthn")
            factors.compare_passkey(self.user, cleaned["credential"]["id"])
        return cleaned
