"""Ratings in the console: those that were reported first."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import F

from accounts.console import Act, ConsoleAdmin
from orders.models import Rating
from orders.ratings import keep, remove


@admin.register(Rating)
class RatingAdmin(ConsoleAdmin):
    list_display = ("at", "order", "stars", "by", "about", "reported_at", "removed_at")
    list_filter = (("reported_at", admin.EmptyFieldListFilter),)
    list_select_related = ("order", "by", "about")
    related = ("order", "by", "about")
    parties: ClassVar = ("by_id", "about_id")
    ids = ("order_id",)
    search_fields = ("text",)
    search_help_text = "Order, words of the offer, or a whole e-mail"
    people: ClassVar = ("by", "about")
    words = "order__listing__search"
    ordering = (F("reported_at").desc(nulls_last=True), "-id")
    facts: ClassVar = [
        ("Rating", ("order", "by", "about", "stars", "text", "at", "shown_at")),
        ("Report", ("report", "reported_at", "looked_at", "removed_at")),
    ]
    acts: ClassVar = [
        Act(
            name="removal",
            label="Remove it",
            done="Removed, and taken out of the standing.",
            do=remove,
            tone="danger",
            hint="For insults, threats, what names somebody, or what is not about the trade.",
            fits=lambda row, person: row.removed_at is None,
        ),
        Act(
            name="keeping",
            label="Leave it",
            done="It stays.",
            do=keep,
            tone="quiet",
            hint="That a rating is bad, or unjust, is no reason to remove it.",
            fits=lambda row, person: row.reported_at is not None and row.looked_at is None,
        ),
    ]
