"""People, what was done about them, and what they were told, in the console."""

from typing import Any, ClassVar

from django.contrib import admin

from accounts import suspension
from accounts.console import Act, ConsoleAdmin
from accounts.models import ApiToken, AuditEntry, Notification, Person, Standing


@admin.register(Person)
class PersonAdmin(ConsoleAdmin):
    page_template = "console/person.html"
    list_display = ("email", "name", "is_active", "is_staff", "joined_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("=id", "email", "canonical_email", "name")
    search_help_text = "Number, e-mail or name"
    ordering = ("-id",)
    facts: ClassVar = [
        (
            "Person",
            (
                "id",
                "email",
                "name",
                "is_active",
                "is_staff",
                "is_superuser",
                "joined_at",
                "last_login",
            ),
        ),
    ]
    acts: ClassVar = [
        Act(
            name="suspension",
            label="Suspend",
            done="Suspended: neither sessions nor tokens of this person open anything now.",
            do=suspension.suspend,
            tone="danger",
            hint="They are signed out at once. Their offers and trades go on as they are.",
            fits=lambda person, actor: person.is_active,
        ),
        Act(
            name="reinstatement",
            label="Lift the suspension",
            done="Reinstated: this person can sign in again.",
            do=suspension.reinstate,
            fits=lambda person, actor: not person.is_active,
        ),
    ]

    def barred(self, row: Any, person: Person) -> str:
        if row.pk == person.pk:
            return "This is you: nobody decides on their own suspension."
        if row.is_staff and not person.is_superuser:
            return "Only an administrator may suspend or reinstate a moderator."
        return ""

    def more(self, row: Any) -> dict[str, Any]:
        tokens = ApiToken.objects.filter(person=row).order_by("-id")
        return {
            "standing": Standing.objects.filter(person=row).first(),
            "account": getattr(row, "payout_account", None),
            "tokens": tokens.defer("digest")[:20],
            "addresses": row.emailaddress_set.order_by("id"),
            "identities": row.socialaccount_set.order_by("id").values("provider", "date_joined"),
        }


@admin.register(AuditEntry)
class AuditEntryAdmin(ConsoleAdmin):
    list_display = ("at", "act", "subject", "actor", "reason")
    list_filter = ("act",)
    list_select_related = ("actor",)
    related = ("actor",)
    search_fields = ("subject", "act", "actor__email", "reason")
    search_help_text = "Subject such as listing:…, act, e-mail or reason"
    facts: ClassVar = [("Entry", ("at", "act", "subject", "actor", "reason", "details"))]


@admin.register(Notification)
class NotificationAdmin(ConsoleAdmin):
    """What was told, not the words: those are made when they are read."""

    list_display = ("created_at", "person", "kind", "mailed_at", "read_at")
    list_filter = (("mailed_at", admin.EmptyFieldListFilter),)
    list_select_related = ("person",)
    related = ("person",)
    search_fields = ("=id", "person__email", "key")
    search_help_text = "E-mail or key"
    ordering = ("-id",)
    facts: ClassVar = [
        (
            "Notification",
            (
                "person",
                "kind",
                "key",
                "created_at",
                "read_at",
                "mail_due_at",
                "mail_attempts",
                "mailed_at",
            ),
        ),
    ]
