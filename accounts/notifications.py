"""Telling people. A notification is recorded with what it tells of; a worker mails it later."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import bulk, mail_choices
from accounts.models import Notification, Person

log = logging.getLogger(__name__)
MAIL_ATTEMPTS = 8
RETRY_AFTER = timedelta(minutes=5)


def notify(*, person: Person, kind: str, key: str, url: str = "", **context: Any) -> None:
    """Record that `person` is to know of something; the second time with the same key is nothing.

    `context` must be JSON; `url` is the path of the page with the next step.
    """
    notify_all([notice(person_id=person.pk, kind=kind, key=key, url=url, **context)])


def notice(*, person_id: int, kind: str, key: str, url: str = "", **context: Any) -> dict[str, Any]:
    """What `notify_all` is to record."""
    context = {**context, "url": url}
    return {"person_id": person_id, "kind": kind, "key": key, "context": context}


def notify_all(notices: Sequence[dict[str, Any]]) -> None:
    """`notify` for many."""
    assert connection.in_atomic_block, "a notification belongs to the transaction it tells of"
    bulk.insert(Notification, notices, ignore_conflicts=True)


def render(notification: Notification) -> tuple[str, list[str]]:
    """Subject and paragraphs, from `templates/emails/<kind>.txt`: its first line is the subject."""
    # On one line each: what people wrote must not reach into the subject, or make paragraphs.
    said = {
        name: " ".join(value.split()) if isinstance(value, str) else value
        for name, value in notification.context.items()
    }
    context = {**said, "person": notification.person}
    text = render_to_string(f"emails/{notification.kind}.txt", context).strip()
    subject, _, body = text.partition("\n")
    return subject.strip(), [" ".join(part.split()) for part in body.strip().split("\n\n") if part]


def send_due(limit: int = 50) -> int:
    """Mail what is due and return how many were sent. What fails is tried again, a few times."""
    with transaction.atomic():
        due = Notification.objects.filter(mail_due_at__lte=Now()).order_by("mail_due_at")
        ids = [row.pk for row in due.select_for_update(skip_locked=True).only("pk")[:limit]]
        _readdress(ids)
        # Claimed until the next try: a worker that dies here loses nothing.
        Notification.objects.filter(pk__in=ids).update(
            mail_attempts=F("mail_attempts") + 1, mail_due_at=Now() + RETRY_AFTER
        )
    claimed = Notification.objects.filter(pk__in=ids).select_related("person").order_by("pk")
    muted = mail_choices.muted(notification.person_id for notification in claimed)
    return sum(_send(notification, muted) for notification in claimed)


def _readdress(ids: list[int]) -> None:
    """Whoever merged their account is told in the one that is theirs still."""
    closed = Notification.objects.filter(pk__in=ids, person__merged_into__isnull=False)
    theirs = Person.objects.filter(pk=OuterRef("person")).values("merged_into")
    closed.update(person=Subquery(theirs))


def _send(notification: Notification, muted: set[tuple[int, str]]) -> bool:
    row = Notification.objects.filter(pk=notification.pk)
    group = mail_choices.group_of(notification.kind)
    if group and (notification.person_id, group.name) in muted:
        row.update(mail_due_at=None)
        return False
    try:
        _mail(notification).send()
    except Exception:
        # Whatever it is, the mails after this one are not to wait for it.
        log.exception("mail for notification %s was not sent", notification.pk)
        if notification.mail_attempts >= MAIL_ATTEMPTS:
            row.update(mail_due_at=None)
        return False
    row.update(mailed_at=Now(), mail_due_at=None)
    return True


def _mail(notification: Notification) -> EmailMultiAlternatives:
    subject, paragraphs = render(notification)
    headers, context = _way_out(notification)
    context |= {
        "subject": subject,
        "paragraphs": paragraphs,
        "url": settings.SITE_ORIGIN + notification.context["url"],
        "origin": settings.SITE_ORIGIN,
    }
    mail = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string("emails/notification.txt", context),
        to=[notification.person.email],
        headers={"X-Surplus-Kind": notification.kind, **headers},
    )
    mail.attach_alternative(render_to_string("emails/notification.html", context), "text/html")
    return mail


def _way_out(notification: Notification) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and words that stop mails of this group (RFC 2369, RFC 8058); none for security."""
    group = mail_choices.group_of(notification.kind)
    if group is None:
        return {}, {}
    token = mail_choices.link_token(notification.person_id, group)
    stop = settings.SITE_ORIGIN + reverse("account:unsubscribe", args=[token])
    headers = {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return headers, {"stop_url": stop, "group": group.label.lower()}
