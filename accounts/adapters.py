"""Where django-allauth asks us: one account per person, whatever way in they take."""

from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.core import context, ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import devices, factors, first_proof, pace, stepup, suspension, tokens
from accounts.addresses import counted_as, is_address
from accounts.models import Person
from accounts.networks import unwrapped
from accounts.people import owner_of

CHOOSES_A_PASSWORD = "accounts.chooses_a_password"  # noqa: S105


class AccountAdapter(DefaultAccountAdapter):
    """One mailbox, one person, however its address is spelled, and a new password ends tokens."""

    def send_account_already_exists_mail(self, email: str) -> None:
        """To the stored address, never to the typed spelling, and as rarely as a new one gets its
        mail: nobody fills a mailbox by signing up with it."""
        owner, key = owner_of(email), f"mailbox:{counted_as(email)}"
        # allauth has counted the spelling.
        if ratelimit.consume(context.request, action="confirm_email", key=key):
            super().send_account_already_exists_mail(owner.email if owner else email)

    def save_user(
        self, request: HttpRequest, user: Person, form: Any, commit: bool = True
    ) -> Person:
        """Two sign-ups of one mailbox at the same moment: the second is answered as a known one."""
        with pace.paused():
            saved: Person = super().save_user(request, user, form, commit=False)
        try:
            with transaction.atomic():
                if commit:
                    saved.save()
        except IntegrityError:
            raise ImmediateHttpResponse(prevent_enumeration(request, email=user.email)) from None
        return saved

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """A change to a mailbox that somebody else has taken meanwhile does not go through."""
        owner = owner_of(email_address.email)
        if owner is not None and owner.pk != email_address.user_id:
            return False
        person = email_address.user
        if first_proof.is_due(person):
            if first_proof.in_the_browser_of_the_sign_up(request, person):
                record_authentication(request, person, "code")
            else:
                first_proof.void_what_came_before(person, and_password=True)
                request.session[CHOOSES_A_PASSWORD] = person.pk
        try:
            with transaction.atomic():
                confirmed: bool = super().confirm_email(request, email_address)
        except IntegrityError:
            # Somebody else has taken it in this moment.
            return False
        return confirmed

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Whoever proves a mailbox from another browser goes on to choose a password."""
        if self.request.session.pop(CHOOSES_A_PASSWORD, None) != email_address.user_id:
            url: str = super().get_email_verification_redirect_url(email_address)
            return url
        person = email_address.user
        token = account_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(person)
        key = f"{user_pk_to_url_str(person)}-{token}"
        return str(self.get_reset_password_from_key_url(key))

    def send_password_reset_mail(self, user: Person, email: str, context: dict[str, Any]) -> None:
        """To the stored address, never to the typed spelling."""
        super().send_password_reset_mail(user, user.email, context)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Where a request comes from, behind the proxies that we trust."""
        return unwrapped(super().get_client_ip(request))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords count for a mailbox, however its address is spelled."""
        return counted_as(str(credentials.get("email", "")))

    def post_login(self, request: HttpRequest, user: Person, **hook: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **hook)
        devices.recognise(request, user, response)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: Person) -> HttpResponse:
        """Until when they are shut out; and why, unless a second factor is still owed."""
        found = {"suspension": suspension.of(user), "is_sure": not factors.has_one(user)}
        return render(request, "account/account_inactive.html", found, status=403)

    def get_reauthentication_methods(self, user: Person) -> list[dict[str, Any]]:
        """Whoever has a second factor is asked for that: a password may have been seen."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        strong = [method for method in methods if method["id"] != "reauthenticate"]
        return strong or methods or [stepup.by_mail()]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Somebody who has just signed in is not asked again."""
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required and not stepup.is_fresh(context.request)

    def set_password(self, user: Person, password: str) -> None:
        """Whoever knew the old password may have made tokens with it."""
        super().set_password(user, password)
        if user.pk is not None:
            tokens.revoke_all(user)
            # And may have begun a change to an address of theirs, which its link would complete.
            pending = EmailAddress.objects.filter(user=user, verified=False)
            pending.exclude(email=user.email).delete()
            # Their sessions ended with the old password; allauth lists this one anew.
            UserSession.objects.filter(user=user).delete()


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """An identity nobody has linked yet must not become a second account of a known person."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        # What could be mistaken for another address is as good as none: we ask for one.
        sociallogin.email_addresses = [
            one for one in sociallogin.email_addresses if is_address(one.email)
        ]
        if not is_address(sociallogin.user.email):
            sociallogin.user.email = ""
        addresses = [address.email for address in sociallogin.email_addresses]
        pace.begin()
        if taken := next((email for email in addresses if owner_of(email)), None):
            # The same answer as for a new address; the owner learns of it by mail.
            raise ImmediateHttpResponse(prevent_enumeration(request, email=taken))

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Person:
        """Two tabs that come from the company at once: the second is answered as if known."""
        try:
            with transaction.atomic():
                saved: Person = super().save_user(request, sociallogin, form)
        except IntegrityError:
            email = sociallogin.user.email
            raise ImmediateHttpResponse(prevent_enumeration(request, email=email)) from None
        return saved

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict) -> Person:
        person: Person = super().populate_user(request, sociallogin, data)
        names = (data.get("name"), data.get("first_name"), data.get("last_name"))
        full, first, last = (str(name or "").strip() for name in names)
        person.name = (full or f"{first} {last}".strip())[:80]
        return person
