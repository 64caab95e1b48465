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
        SELECT d.order_id, made.by_id FROM orders_decision made
        JOIN orders_dispute d ON d.id = made.dispute_id
        JOIN orders_order o ON o.id = d.order_id
        WHERE made.by_id IN (o.buyer_id, o.seller_id) OR EXISTS (
            SELECT FROM accounts_likeness l
            WHERE l.decision = 'same' AND l.decided_at < made.at
            AND made.by_id IN (l.first_id, l.second_id)
            AND (l.first_id IN (o.buyer_id, o.seller_id)
                OR l.second_id IN (o.buyer_id, o.seller_id)))""",
    "an appeal was decided by somebody else": """
        SELECT dispute_id FROM orders_decision WHERE by_id IS NOT NULL
        GROUP BY dispute_id, by_id HAVING count(*) > 1""",
    "a code was read by one person only where two agreed to it": """
        SELECT o.id FROM orders_codeopening o WHERE NOT EXISTS (
            SELECT FROM accounts_proposal p
            WHERE p.action = 'listings.code.opening' AND p.row = o.code_id::text
            AND p.proposed_by_id = o.by_id AND p.state = 'agreed' AND p.decided_at <= o.at)""",
    "every edition is what two agreed to, as the audit has it": """
        SELECT e.id, e.document_id FROM accounts_edition e
        WHERE encode(sha256(convert_to(e.text, 'UTF8')), 'hex') <> e.digest
            OR e.by_id = e.agreed_by_id
            OR NOT EXISTS (
                SELECT FROM accounts_proposal p
                WHERE p.action = 'accounts.document.edition' AND p.row = e.document_id
                AND p.state = 'agreed' AND p.proposed_by_id = e.by_id
                AND p.decided_by_id = e.agreed_by_id AND p.decided_at <= e.at)
            OR NOT EXISTS (
                SELECT FROM accounts_auditentry a
                WHERE a.subject = 'document:' || e.document_id AND a.act = 'edition_published'
                AND a.details->>'digest' = e.digest)""",
}
