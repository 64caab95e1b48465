"""The list of orders says where the other side waits for a word."""

from datetime import timedelta

from django.db.models.functions import Now
from django.test import Client

from accounts.models import Person
from orders import conversation, disputes, proposals
from orders.models import ProposedSplit
from orders.waiting import waiting
from tests.orders.quarrels import WORDS, an_answered_order, now


def test_a_proposal_waits_for_the_other_side_until_it_is_over(buyer: Person) -> None:
    order = an_answered_order(buyer)
    seller = order.seller
    proposals.propose(order, actor=seller, refund_cents=5_00)
    assert waiting([now(order)], person=buyer) == {order.pk: ["proposal"]}
    assert waiting([now(order)], person=seller) == {}
    client = Client()
    client.force_login(buyer)
    assert "Split proposed" in client.get("/orders/").content.decode()
    ProposedSplit.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert waiting([now(order)], person=buyer) == {}


def test_the_last_word_of_the_other_side_waits_for_an_answer(buyer: Person) -> None:
    order = an_answered_order(buyer)
    seller = order.seller
    conversation.write(order, actor=seller, text=WORDS)
    assert waiting([now(order)], person=buyer) == {order.pk: ["message"]}
    client = Client()
    client.force_login(buyer)
    assert "Message to answer" in client.get("/orders/").content.decode()
    conversation.write(order, actor=buyer, text=WORDS)
    assert waiting([now(order)], person=buyer) == {}
    assert waiting([now(order)], person=seller) == {order.pk: ["message"]}
    disputes.concede(now(order), actor=seller)
    assert waiting([now(order)], person=seller) == {}
