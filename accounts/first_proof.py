"""The first proof of a mailbox: what was set up before it may be somebody else's, and goes.

An account can be made with anybody's address, and stays shut until the address is confirmed.
Meanwhile its maker may have given it a password, an identity at GitHub or another address to change
to. If the owner of the mailbox then proves it from another browser, or resets the password, all of
that would let its maker in (Sudhodanan and Paverd, "Pre-hijacked accounts", 2022). So it is void.
"""

from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.http import HttpRequest

from accounts import audit, devices, tokens
from accounts.models import Person


def is_due(person: Person) -> bool:
    """Whether nobody has ever proven this account's mailbox."""
    return not EmailAddress.objects.filter(user=person, verified=True).exists()


def in_the_browser_of_the_sign_up(request: HttpRequest, person: Person) -> bool:
    """Whether this session is the one that made the account and waits for its confirmation."""
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    return bool(stage and stage.login.user and stage.login.user.pk == person.pk)


def void_what_came_before(person: Person, *, and_password: bool) -> None:
    """End every way in but the mailbox: sessions, tokens, identities, factors, other addresses."""
    with transaction.atomic():
        if and_password:
            person.set_unusable_password()
            person.save(update_fields=["password"])
        devices.end_all(person)
        person.refresh_from_db(fields=["generation"])
        tokens.revoke_all(person)
        SocialAccount.objects.filter(user=person).delete()
        Authenticator.objects.filter(user=person).delete()
        EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()
        audit.record(actor=None, act="mailbox_proven", subject=f"person:{person.pk}")


def by_reset(person: Person) -> None:
    """A reset link has come back from the mailbox, with a new password."""
    if is_due(person):
        void_what_came_before(person, and_password=False)
        EmailAddress.objects.filter(user=person, email=person.email).update(verified=True)
