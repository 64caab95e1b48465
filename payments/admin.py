"""Money in the console: everything to read, and the few things that a person may repair."""

from typing import Any, ClassVar

from django.contrib import admin

from accounts.console import Act, ConsoleAdmin, amount, state
from accounts.models import Person
from payments import admin_books as admin_books  # further pages of the console
from payments import give_backs, repairs
from payments.admin_books import holders
from payments.forms import GiveBackForm
from payments.models import (
    Escrow,
    Incident,
    Instruction,
    InstructionStatus,
    Payout,
    Posting,
    WebhookEvent,
)


@admin.register(Escrow)
class EscrowAdmin(ConsoleAdmin):
    page_template = "console/escrow.html"
    list_display = ("reference", "badge", "price", "buyer", "seller", "created_at")
    list_filter = ("status",)
    list_select_related = ("buyer", "seller")
    related = ("buyer", "seller")
    parties: ClassVar = ("buyer_id", "seller_id")
    ids = ("pk", "reference")
    search_fields = ("charge_id__exact", "payment_id__exact", "checkout_id__exact")
    people: ClassVar = ("buyer", "seller")

    search_help_text = "Order, id at the processor or a whole e-mail"
    ordering = ("-created_at",)
    badge = state
    price = amount("price_cents", "price")
    facts: ClassVar = [
        ("Held payment", ("reference", "status", "status_since", "created_at", "buyer", "seller")),
        (
            "Amounts",
            (
                "currency",
                "price_cents",
                "commission_cents",
                "proceeds_cents",
                "held_cents",
                "released_cents",
                "refunded_cents",
                "fee_cents",
            ),
        ),
        (
            "At the processor",
            (
                "checkout_id",
                "payment_id",
                "charge_id",
                "contested_at",
                "suspected_at",
                "quarantined_at",
            ),
        ),
    ]
    acts: ClassVar = [
        Act(
            name="return",
            label="Send it back",
            done="It is refunded; the worker takes it within seconds.",
            do=repairs.return_quarantined,
            cents=lambda row, given: repairs.quarantined_cents(row),
            hint="Money arrived that is not as agreed. It lies apart and belongs to nobody here.",
            fits=lambda row, person: row.quarantined_at is not None,
        ),
        Act(
            name="clearance",
            label="No fraud",
            done="The payment goes on.",
            do=repairs.clear_suspicion,
            hint="The card's bank or the processor suspects fraud. Nothing is released meanwhile; "
            "after a week without a decision the buyer is refunded.",
            fits=lambda row, person: row.suspected_at is not None,
        ),
    ]

    def version(self, row: Any) -> str:
        """With what lies apart: more may have arrived since somebody saw or proposed it."""
        apart = repairs.quarantined_cents(row) if row.quarantined_at else 0
        return f"{super().version(row)}|{apart}|{row.suspected_at or ''}"

    def barred(self, row: Any, person: Person) -> str:
        waits = row.quarantined_at is not None or row.suspected_at is not None
        return super().barred(row, person) if waits else ""

    @admin.display(description="Held cents")
    def held_cents(self, escrow: Escrow) -> int:
        return escrow.held_cents

    def more(self, row: Any) -> dict[str, Any]:
        return {
            "events": row.events.select_related("actor"),
            "postings": row.postings.all(),
            "instructions": row.instructions.order_by("created_at"),
        }


@admin.register(Posting)
class PostingAdmin(ConsoleAdmin):
    list_display = ("key", "source", "destination", "moved", "at")
    list_select_related = ("escrow",)
    related = ("escrow",)
    ids = ("escrow_id", "escrow__reference")
    search_fields = ("key__exact", "source__exact", "destination__exact")
    search_help_text = "Key, account or order"
    ordering = ("-id",)
    moved = amount("amount_cents", "amount")
    facts: ClassVar = [
        (
            "Posting",
            ("key", "source", "destination", "amount_cents", "currency", "escrow", "at"),
        ),
    ]


@admin.register(Instruction)
class InstructionAdmin(ConsoleAdmin):
    list_display = ("purpose", "kind", "status", "attempt", "tries", "created_at", "error")
    list_filter = ("status", "kind")
    related = ("escrow", "person")
    parties: ClassVar = ("escrow.buyer_id", "escrow.seller_id", "person_id")
    ids = ("pk", "escrow_id", "escrow__reference")
    search_fields = ("purpose__startswith", "remote_id__exact")
    search_help_text = "Beginning of the purpose, id at the processor or order"
    ordering = ("-created_at",)
    facts: ClassVar = [
        (
            "Instruction",
            ("kind", "purpose", "status", "attempt", "tries", "error", "escrow", "person"),
        ),
        ("Call", ("params", "account", "remote_id")),
        ("Times", ("created_at", "first_sent_at", "due_at", "done_at")),
    ]
    acts: ClassVar = [
        Act(
            name="attempt",
            label="Send again",
            done="It is sent again; the worker takes it within seconds.",
            do=repairs.send_again,
            moves_money=True,
            hint="The processor refused this call, or our own code broke over it too often. Send "
            "it again when the cause is gone: a refused one gets a new key, any other keeps its "
            "own, so that nothing is done twice.",
            fits=lambda row, person: repairs.waits_for_person(row),
        ),
        Act(
            name="elsewhere",
            label="Paid another way",
            done="The buyer counts as paid.",
            do=repairs.pay_elsewhere,
            tone="quiet",
            hint="The card takes no refund. Say how and when the buyer was paid instead.",
            fits=lambda row, person: (
                row.status == InstructionStatus.REFUSED and row.kind == "refund"
            ),
        ),
    ]

    def barred(self, row: Any, person: Person) -> str:
        return super().barred(row, person) if repairs.waits_for_person(row) else ""

    def version(self, row: Any) -> str:
        return f"{row.status}:{row.attempt}"


@admin.register(WebhookEvent)
class WebhookEventAdmin(ConsoleAdmin):
    list_display = ("event_id", "type", "object_id", "received_at", "processed_at", "tries")
    list_filter = (("processed_at", admin.EmptyFieldListFilter),)
    search_fields = ("event_id__exact", "object_id__exact")
    search_help_text = "Id of the event or of its object"
    ordering = ("-id",)
    facts: ClassVar = [
        (
            "Event",
            (
                "event_id",
                "type",
                "object_id",
                "account",
                "received_at",
                "processed_at",
                "due_at",
                "tries",
                "error",
            ),
        ),
    ]
    acts: ClassVar = [
        Act(
            name="follow-up",
            label="Follow up again",
            done="The worker takes it up again within seconds.",
            do=repairs.follow_up_again,
            hint="This event failed too often and was set aside.",
            fits=lambda row, person: row.processed_at is None and row.due_at is None,
        ),
        Act(
            name="dismissal",
            label="Leave it",
            done="It is left as it is.",
            do=repairs.dismiss,
            tone="quiet",
            fits=lambda row, person: row.processed_at is None and row.due_at is None,
        ),
    ]

    def parties_of(self, row: Any) -> set[int]:
        return holders(row.account)


@admin.register(Payout)
class PayoutAdmin(ConsoleAdmin):
    list_display = ("id", "person", "paid", "badge", "created_at")
    list_filter = ("status",)
    list_select_related = ("person",)
    related = ("person",)
    ids = ("pk",)
    people: ClassVar = ("person",)
    search_fields = ("remote_id__exact",)
    search_help_text = "Id, here or at the processor, or a whole e-mail"
    parties: ClassVar = ("person_id",)
    badge = state
    paid = amount("amount_cents", "amount")
    facts: ClassVar = [
        (
            "Payout",
            ("person", "amount_cents", "currency", "status", "remote_id", "failure", "created_at"),
        ),
        ("Looked after", ("failed_at", "looked_at")),
    ]
    acts: ClassVar = [
        Act(
            name="closure",
            label="Looked after",
            done="It is off the queue.",
            do=repairs.close_payout,
            hint="The money is back in the seller's account, and they were told; they ask again.",
            fits=lambda row, person: row.failed_at is not None and row.looked_at is None,
        ),
    ]


@admin.register(Incident)
class IncidentAdmin(ConsoleAdmin):
    page_template = "console/incident.html"
    list_display = ("kind", "text", "raised_at", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "kind")
    related = ("escrow",)
    parties: ClassVar = ("escrow.buyer_id", "escrow.seller_id")
    ids = ("escrow_id", "escrow__reference")
    search_fields = ("key__startswith",)
    search_help_text = "Beginning of the key, or order"
    ordering = ("-id",)
    facts: ClassVar = [
        ("Incident", ("kind", "text", "key", "escrow", "raised_at", "closed_at")),
    ]
    acts: ClassVar = [
        Act(
            name="give-back",
            label="Give it back",
            done="It is taken back from the seller; the buyer is refunded when it is there.",
            do=give_backs.begin,
            form=GiveBackForm,
            moves_money=True,
            cents=lambda row, given: given["refund_cents"],
            begins_with=lambda row: {"refund_cents": f"{give_backs.suggested(row) / 100:.2f}"},
            hint="The case closes by itself once the buyer is refunded. Both are told.",
            fits=lambda row, person: give_backs.may_begin(row),
        ),
        Act(
            name="closure",
            label="Close",
            done="Closed.",
            do=repairs.close_incident,
            hint="Say what you found and what was done.",
            fits=lambda row, person: row.closed_at is None,
        ),
    ]

    def barred(self, row: Any, person: Person) -> str:
        return super().barred(row, person) if row.closed_at is None else ""

    def version(self, row: Any) -> str:
        """With what was given back: nobody decides twice about the same money."""
        given = row.escrow.given_back_cents if row.escrow else 0
        return f"{row.closed_at or ''}|{given}|{give_backs.is_under_way(row)}"

    def more(self, row: Any) -> dict[str, Any]:
        open_one = give_backs.may_begin(row)
        return {
            "moves": give_backs.choices(row) if open_one else [],
            "there_cents": give_backs.there_cents(row.escrow) if open_one else 0,
            "given_back": row.give_backs.all(),
        }
