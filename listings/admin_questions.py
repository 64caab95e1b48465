"""Questions about offers in the console, to be taken away where they must not be read."""

from typing import ClassVar

from django.contrib import admin

from accounts.console import Act, ConsoleAdmin
from listings.models import Question
from listings.questions import remove


@admin.register(Question)
class QuestionAdmin(ConsoleAdmin):
    list_display = ("at", "listing", "by", "answered_at", "removed_at")
    list_filter = (("removed_at", admin.EmptyFieldListFilter),)
    list_select_related = ("listing", "by")
    related = ("listing", "by")
    parties: ClassVar = ("by_id", "listing.seller_id")
    ids = ("listing_id",)
    search_fields = ("text",)
    search_help_text = "Id or words of the offer, or a whole e-mail"
    people: ClassVar = ("by", "listing__seller")
    words = "listing__search"
    ordering = ("-id",)
    facts: ClassVar = [
        ("Question", ("listing", "by", "text", "at", "answer", "answered_at", "removed_at")),
    ]
    acts: ClassVar = [
        Act(
            name="removal",
            label="Remove it",
            done="Removed: nobody reads it any more, nor its answer.",
            do=remove,
            tone="danger",
            hint="For insults, threats, and what says who somebody is or leads elsewhere.",
            fits=lambda row, person: row.removed_at is None,
        ),
    ]
