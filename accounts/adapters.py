"""Where django-allauth asks us: one account per person, whatever way in they take."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest

from accounts.addresses import canonical
from accounts.models import Person


def _owner(email: str) -> Person | None:
    try:
        return Person.objects.filter(canonical_email=canonical(email)).first()
    except ValueError:
        return None


class AccountAdapter(DefaultAccountAdapter):
    """Mail about an existing account goes to the stored address, never to the typed spelling."""

    def send_account_already_exists_mail(self, email: str) -> None:
        owner = _owner(email)
        super().send_account_already_exists_mail(owner.email if owner else email)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """An identity nobody has linked yet must not become a second account of a known person."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        addresses = [address.email for address in sociallogin.email_addresses]
        if taken := next((email for email in addresses if _owner(email)), None):
            # The same answer as for a new address; the owner learns of it by mail.
            raise ImmediateHttpResponse(prevent_enumeration(request, email=taken))

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict) -> Person:
        person: Person = super().populate_user(request, sociallogin, data)
        names = (data.get("name"), data.get("first_name"), data.get("last_name"))
        full, first, last = (str(name or "").strip() for name in names)
        person.name = (full or f"{first} {last}".strip())[:80]
        return person
