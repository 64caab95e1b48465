"""Forms of the account pages that differ from django-allauth's own."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm as AllauthAddEmailForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import RequestLoginCodeForm as AllauthRequestLoginCodeForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import ResetPasswordKeyForm as AllauthResetPasswordKeyForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.account.models import EmailAddress
from allauth.core import context, ratelimit
from allauth.socialaccount.forms import SignupForm as AllauthSocialSignupForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts import first_proof, pace
from accounts.addresses import counted_as, is_address
from accounts.mail_choices import GROUPS
from accounts.models import Device, Person
from accounts.people import owner_of


class OneMailbox:
    """Another spelling of a known address is answered as the known address is."""

    def clean_email(self) -> str:
        pace.begin()
        email: str = super().clean_email()  # type: ignore[misc]
        _require_address(email)
        if owner_of(email):
            self.account_already_exists = True
        return email


class SignupForm(OneMailbox, AllauthSignupForm):
    """Sign-up by e-mail. A known address takes as long as a new one, whose password is hashed."""

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            with pace.paused():
                make_password(self.cleaned_data["password1"])
        return super().try_save(request)


class SocialSignupForm(OneMailbox, AllauthSocialSignupForm):
    """Sign-up with GitHub or Google where they gave no address."""


class AddEmailForm(OneMailbox, AllauthAddEmailForm):
    """A new address for one's own account."""


class LoginForm(AllauthLoginForm):
    """Signing in by password, with whatever spelling of one's address."""

    def clean_login(self) -> str:
        return _as_stored(super().clean_login())


class RequestLoginCodeForm(AllauthRequestLoginCodeForm):
    """A code by mail: to the address that is stored, and only if it was ever confirmed."""

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        _require_address(typed)
        # Before anybody is looked up, so that a refusal tells nothing, not even by its time.
        key = counted_as(typed)
        if not ratelimit.consume(context.request, action="request_login_code", key=key):
            raise get_adapter().validation_error("too_many_login_attempts")
        pace.begin()
        owner = owner_of(typed)
        known = EmailAddress.objects.filter(user=owner, user__is_active=True, verified=True)
        self._user = owner if known.exists() else None
        return owner.email if owner else typed


class ResetPasswordForm(AllauthResetPasswordForm):
    """A link by mail: to the owner of the mailbox, in whatever spelling it was asked for."""

    def clean_email(self) -> str:
        self.typed: str = self.cleaned_data["email"]
        _require_address(self.typed)
        return counted_as(self.typed)

    def save(self, request: HttpRequest, **given: Any) -> str:
        """Tries were counted for the mailbox, and only now somebody is looked up; an unknown one is
        written to as it was typed."""
        pace.begin()
        owner = owner_of(self.typed)
        self.users = [owner] if owner and owner.is_active else []
        self.cleaned_data["email"] = self.typed
        return str(super().save(request, **given))


class ResetPasswordKeyForm(AllauthResetPasswordKeyForm):
    """The new password; whoever chooses it has the mailbox."""

    def save(self) -> None:
        super().save()
        first_proof.by_reset(self.user)


def _require_address(email: str) -> None:
    """A mail to a look-alike of somebody's address would reach somebody else."""
    if not is_address(email):
        raise forms.ValidationError("Enter a valid e-mail address.")


def _as_stored(email: str) -> str:
    owner = owner_of(email)
    return owner.email if owner else email


class ProofForm(forms.Form):
    """The code that we mailed to somebody who is signed in."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class ProfileForm(forms.ModelForm):
    """What others see of a person."""

    class Meta:
        model = Person
        fields = ["name"]
        labels = {"name": "Public name"}
        help_texts = {"name": "Shown to the people you trade with. Leave it empty to stay unnamed."}

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        return " ".join(name.split())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False


class MailForm(forms.Form):
    """The groups of mails that a person wants."""

    wanted = forms.MultipleChoiceField(
        label="Send me mails about",
        choices=[(group.name, f"{group.label}: {group.about}") for group in GROUPS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class DeviceForm(forms.ModelForm):
    """What a person calls one of their browsers."""

    class Meta:
        model = Device
        fields = ["name"]
        help_texts = {"name": "Such as “Laptop at work”. Empty is what it says of itself."}


SCOPES_IN_WORDS = [
    ("read", "Read: your orders, listings and balances"),
    ("trade", "Trade: place orders, pay, confirm, dispute"),
    ("sell", "Sell: make listings and deliver"),
]


class TokenForm(forms.Form):
    """What a new token is called and what it may do."""

    name = forms.CharField(
        label="Name", max_length=80, help_text="So that you know it again: what will use it?"
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=SCOPES_IN_WORDS,
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label="Ends after",
        choices=[(7, "A week"), (30, "A month"), (90, "Three months"), (365, "A year")],
        coerce=int,
        initial=90,
        required=False,
        empty_value=None,
        help_text="The shorter, the less a lost token can do.",
    )
