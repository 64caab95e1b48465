"""Trades of earlier days, and some that are under way: made of a seed and a number alone.

They are written whole, by COPY, with every posting, event and instruction that the real steps
leave; the sandbox writes its side of them first, so that a broken load is finished by repeating it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import requests
from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from accounts import dials
from accounts.models import Person, Standing
from listings.models import Consent, Listing, ListingEvent, ListingStatus
from marketplace.demo.bulk import DOCUMENT, Digits, Loader
from marketplace.demo.offers import APPROVER, NAMESPACE, read_words
from marketplace.demo.people import SandboxSilent
from marketplace.demo.rows import copy_all
from marketplace.demo.steps import Trade, rows_of
from orders.models import Order
from payments import ledger, money
from payments.models import (
    Instruction,
    InstructionStatus,
    PayoutAccount,
    PayoutStatus,
    Posting,
)
from payments.models import Payout as PayoutRow
from providers.models import Provider
from providers.vocabulary import TransferMethod

# Trades of one offer; a seller has been paid out for those that are all over.
BLOCK = 8
CHUNK = 50 * BLOCK
ANSWER_SECONDS = 60
COPIED: tuple[type[models.Model], ...] = (Listing, Order, Posting, Instruction, Standing)
ENDS = ("completed",) * 17 + ("declined",) * 2 + ("dispute_refunded",)
# Three blocks in four are of these, so that they have a market to look at.
BUSY = ("openrouter", "replicate", "runpod", "vast")
UNDER_WAY = ("paid", "transferred", "verified", "disputed", "paid", "transferred")


@dataclass(frozen=True)
class Offer:
    """What the trades of a block were made from, sold in lots of one size."""

    listing: Listing
    lot_cents: int


class TradeLoader:
    """Loads trades block by block; `seed` and number decide each."""

    def __init__(self, people: dict[str, Person], crowd: dict[str, Person], *, seed: int) -> None:
        self.seed, self.now = seed, timezone.now()
        self.sellers = [people[email] for email in sorted(people) if "seller" in email]
        self.moderator = people[APPROVER]
        self.buyers = [crowd[email] for email in sorted(crowd)]
        self.words = read_words()
        self.accounts = {
            account.person_id: account.remote_id
            for account in PayoutAccount.objects.filter(person__in=self.sellers)
        }
        self.providers = [
            (provider, methods)
            for provider in Provider.objects.current().order_by("slug")
            if (methods := sorted(set(provider.transfer_methods) - {TransferMethod.REDEEM_CODE}))
        ]

    def load(self, count: int) -> int:
        """Make sure that so many trades exist; returns how many were new."""
        first = self._existing(count)
        if first == count:
            return 0
        self.digest = Loader.keep_document()
        for start in range(first - first % CHUNK, count, CHUNK):
            self._load(range(max(first, start), min(start + CHUNK, count)))
        with connection.cursor() as cursor:
            tables = ", ".join(model._meta.db_table for model in COPIED)
            cursor.execute(f"ANALYZE {tables}")
        return count - first

    def _existing(self, count: int) -> int:
        """How many are there: they are loaded in order, so the first gap is found by halving."""
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            if Order.objects.filter(pk=self._id("trade", middle)).exists():
                low = middle + 1
            else:
                high = middle
        return low

    def _id(self, what: str, number: int) -> UUID:
        return uuid5(NAMESPACE, f"{what}:{self.seed}:{number}")

    def _load(self, numbers: range) -> None:
        blocks = range(numbers.start // BLOCK, (numbers.stop - 1) // BLOCK + 1)
        offers = {block: self._offer(block) for block in blocks}
        trades = [self._trade(number, offers[number // BLOCK]) for number in numbers]
        over = [block for block in blocks if (block + 1) * BLOCK <= numbers.stop]
        payouts = [found for block in over if (found := self._payout(block, offers[block]))]
        answer = self._at_sandbox(trades, payouts)
        new = [block for block in blocks if block * BLOCK >= numbers.start]
        with transaction.atomic():
            copy_all(row for block in new for row in self._offer_rows(offers[block].listing))
            for trade, ids in zip(trades, answer["results"], strict=True):
                trade.ids = ids
            copy_all(row for trade in trades for row in rows_of(trade))
            pairs = zip(payouts, answer["payouts"], strict=True)
            copy_all(row for payout, ids in pairs for row in self._payout_rows(payout, ids))
            self._settle_stock([offer.listing.pk for offer in offers.values()])
            self._count(trades)

    def _offer(self, block: int) -> Offer:
        key = self._id("trade-offer", block)
        digits = Digits(key.int)
        busy = [one for one in self.providers if one[0].slug in BUSY]
        provider, methods = digits.one_of(busy if block % 4 and busy else self.providers)
        lot = digits.one_of((20_00, 25_00, 50_00, 100_00)) * (1 + digits.below(4))
        made = self.now - timedelta(days=125)
        listing = Listing(
            id=key,
            seller=self.sellers[block % len(self.sellers)],
            provider=provider,
            title=f"{provider.name}: {digits.one_of(self.words['titles'])}",
            description=" ".join(digits.one_of(part) for part in self.words["sentences"]),
            currency="USD",
            face_value_cents=BLOCK * lot,
            min_order_cents=lot,
            step_cents=lot,
            discount_bp=3000 + digits.below(401) * 10,
            expires_on=(self.now + timedelta(days=60 + digits.below(300))).date(),
            region=digits.one_of(self.words["regions"]),
            transfer_method=digits.one_of(methods),
            # Not on the market: what is tried out there must not depend on these.
            status=ListingStatus.PAUSED,
            status_since=made + timedelta(hours=2),
            created_at=made,
            available_cents=BLOCK * lot,
        )
        return Offer(listing, lot)

    def _offer_rows(self, listing: Listing) -> Iterator[models.Model]:
        yield listing
        made, seller = listing.created_at, listing.seller
        steps = (
            ("drafted", "", "draft", seller, 0),
            ("submitted", "draft", "in_review", seller, 0),
            ("approved", "in_review", "live", self.moderator, 1),
            ("paused", "live", "paused", seller, 2),
        )
        for kind, before, after, actor, hours in steps:
            yield ListingEvent(
                listing=listing,
                at=made + timedelta(hours=hours),
                kind=kind,
                from_status=before,
                to_status=after,
                actor=actor,
            )
        if listing.provider.needs_consent:
            yield Consent(
                listing=listing,
                document=DOCUMENT,
                original_name="consent.pdf",
                content_type="application/pdf",
                digest=self.digest,
                handed_in_at=made,
                accepted_at=made + timedelta(hours=1),
                accepted_by=self.moderator,
            )

    def _trade(self, number: int, offer: Offer) -> Trade:
        """One lot of an offer: most ended well, a few did not, one in twelve is under way."""
        key = self._id("trade", number)
        digits = Digits(key.int)
        listing = offer.listing
        price = money.price_of(offer.lot_cents, listing.discount_bp)
        under_way = number % 12 == 5
        minutes = digits.below(30 * 60) if under_way else 3 * 24 * 60 + digits.below(117 * 24 * 60)
        return Trade(
            id=key,
            escrow_id=self._id("trade-escrow", number),
            listing=listing,
            buyer=digits.one_of(self.buyers),
            moderator=self.moderator,
            account=self.accounts[listing.seller_id],
            face_value_cents=offer.lot_cents,
            price_cents=price,
            commission_cents=money.commission_on(price, dials.now("COMMISSION_BP")),
            fate=digits.one_of(UNDER_WAY if under_way else ENDS),
            placed_at=self.now - timedelta(hours=1, minutes=minutes),
            now=self.now,
        )

    def _payout(self, block: int, offer: Offer) -> "Paid | None":
        """What the seller has had paid out of a block's trades; for one block in five, nothing."""
        numbers = range(block * BLOCK, (block + 1) * BLOCK)
        trades = [self._trade(number, offer) for number in numbers]
        good = [trade for trade in trades if trade.fate == "completed"]
        if block % 5 == 4 or not good:
            return None
        last = max(trade.ended_at for trade in good)
        cents = sum(trade.proceeds_cents for trade in good)
        seller, at = offer.listing.seller, last + timedelta(hours=2)
        return Paid(self._id("trade-payout", block), seller, self.accounts[seller.pk], cents, at)

    @staticmethod
    def _payout_rows(paid: "Paid", ids: dict[str, str]) -> Iterator[models.Model]:
        """A payout, its instruction and its posting."""
        payout = PayoutRow(
            id=paid.id,
            person=paid.seller,
            amount_cents=paid.cents,
            currency="USD",
            status=PayoutStatus.PAID,
            remote_id=ids["payout"],
            created_at=paid.at,
        )
        yield payout
        mark = uuid5(paid.id, "instruction")
        yield Instruction(
            id=mark,
            kind="payout",
            purpose=f"payout:{paid.id}",
            params={
                "amount": paid.cents,
                "currency": "usd",
                "metadata": {"instruction": str(mark)},
            },
            account=paid.account,
            person=paid.seller,
            payout=payout,
            status=InstructionStatus.DONE,
            tries=1,
            created_at=paid.at,
            first_sent_at=paid.at,
            done_at=paid.at,
            due_at=None,
            remote_id=ids["payout"],
        )
        yield Posting(
            key=f"instruction:{mark}",
            source=ledger.at_processor(paid.seller.pk),
            destination=ledger.bank(paid.seller.pk),
            amount_cents=paid.cents,
            currency="USD",
            at=paid.at,
        )

    @staticmethod
    def _at_sandbox(trades: list[Trade], payouts: list["Paid"]) -> Any:
        """The same at the sandbox. What is there already is left, and its ids are told again."""
        body = {
            "trades": [trade.at_sandbox() for trade in trades],
            "payouts": [payout.at_sandbox() for payout in payouts],
        }
        try:
            answer = requests.post(
                f"{settings.SANDBOX_URL}/_control/books/", json=body, timeout=ANSWER_SECONDS
            )
            answer.raise_for_status()
        except requests.RequestException as error:
            raise SandboxSilent from error
        return answer.json()

    @staticmethod
    def _settle_stock(listings: list[UUID]) -> None:
        """What these offers have left follows from their orders."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT FROM listings_listing WHERE id = ANY(%s) FOR NO KEY UPDATE", [listings]
            )
            cursor.execute(
                """
                UPDATE listings_listing l SET sold_cents = o.sold, reserved_cents = o.reserved,
                    available_cents = l.face_value_cents - o.sold - o.reserved
                FROM (SELECT listing_id,
                    coalesce(sum(face_value_cents) FILTER (WHERE status = 'completed'
                        OR (status = 'cancelled' AND sent_at IS NOT NULL)), 0) AS sold,
                    coalesce(sum(face_value_cents)
                        FILTER (WHERE status NOT IN ('completed', 'cancelled')), 0) AS reserved
                    FROM orders_order WHERE listing_id = ANY(%s) GROUP BY listing_id) o
                WHERE o.listing_id = l.id""",
                [listings],
            )

    def _count(self, trades: list[Trade]) -> None:
        """The sellers' standing, as whoever finishes a trade counts it."""
        for seller in self.sellers:
            own = [trade for trade in trades if trade.listing.seller == seller]
            done = sum(trade.fate == "completed" for trade in own)
            standing, _ = Standing.objects.get_or_create(person=seller)
            Standing.objects.filter(pk=standing.pk).update(
                completed_orders=models.F("completed_orders") + done
            )


@dataclass(frozen=True)
class Paid:
    """A payout that has arrived."""

    id: UUID
    seller: Person
    account: str
    cents: int
    at: datetime

    def at_sandbox(self) -> dict[str, Any]:
        """What the sandbox is told of it."""
        return {
            "key": str(self.id),
            "account": self.account,
            "amount_cents": self.cents,
            "at": self.at.timestamp(),
            "metadata": {"instruction": str(uuid5(self.id, "instruction"))},
        }
