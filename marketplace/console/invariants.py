"""Invariants of what moderators do: each query must return no rows. The ledger audit runs them."""

from collections.abc import Mapping

INVARIANTS: Mapping[str, str] = {
    "what two agreed to was agreed by two, neither a party, and is what was done": """
        SELECT id, action FROM accounts_proposal
        WHERE encode(sha256(convert_to(terms, 'UTF8')), 'hex') <> digest
            OR (state = 'agreed' AND (decided_by_id IS NULL OR decided_by_id = proposed_by_id
                OR decided_by_id = ANY(parties) OR proposed_by_id = ANY(parties)
                OR agreed_digest <> digest OR executed_digest <> digest
                OR decided_at > expires_at))""",
    "nobody decided on their own trade": """
        SELECT d.order_id, d.decided_by_id FROM orders_dispute d
        JOIN orders_order o ON o.id = d.order_id
        WHERE d.decided_by_id IN (o.buyer_id, o.seller_id) OR EXISTS (
            SELECT FROM accounts_likeness l
            WHERE l.decision = 'same' AND l.decided_at < d.decided_at
            AND d.decided_by_id IN (l.first_id, l.second_id)
            AND (l.first_id IN (o.buyer_id, o.seller_id)
                OR l.second_id IN (o.buyer_id, o.seller_id)))""",
}
