"""Invariants of the money: each query must return no rows. `ledger_audit` runs them all."""

from collections.abc import Mapping

# One row per violation, named by its first column.
INVARIANTS: Mapping[str, str] = {
    "what an escrow's account holds is what the escrow says": """
        SELECT e.reference, e.status, coalesce(b.held, 0) AS held FROM payments_escrow e
        LEFT JOIN (
            SELECT account, sum(amount) AS held FROM (
                SELECT destination AS account, amount_cents AS amount FROM payments_posting
                WHERE destination LIKE 'escrow:%%'
                UNION ALL
                SELECT source, -amount_cents FROM payments_posting WHERE source LIKE 'escrow:%%'
            ) AS legs GROUP BY account
        ) AS b ON b.account = 'escrow:' || e.id
        WHERE coalesce(b.held, 0) <> CASE WHEN e.status IN ('awaiting', 'lapsed') THEN 0
            ELSE e.price_cents - e.released_cents - e.refunded_cents END""",
    "a settled escrow is settled to the last cent": """
        SELECT reference, status FROM payments_escrow WHERE
            (status = 'released' AND (released_cents <> price_cents OR refunded_cents <> 0))
            OR (status = 'refunded' AND (refunded_cents <> price_cents OR released_cents <> 0))
            OR (status = 'split' AND (released_cents + refunded_cents <> price_cents
                OR least(released_cents, refunded_cents) <= 0))
            OR (status IN ('awaiting', 'lapsed') AND released_cents + refunded_cents <> 0)""",
    "what is held was paid: one charge of exactly the price": """
        SELECT e.reference FROM payments_escrow e
        WHERE e.status NOT IN ('awaiting', 'lapsed') AND NOT EXISTS (
            SELECT FROM payments_posting p WHERE p.key = 'charge:' || e.charge_id
            AND p.source = 'outside:cards' AND p.destination = 'escrow:' || e.id
            AND p.amount_cents = e.price_cents AND p.currency = e.currency)""",
    "an escrow's postings are in its currency": """
        SELECT p.key FROM payments_posting p JOIN payments_escrow e ON e.id = p.escrow_id
        WHERE p.currency <> e.currency AND NOT EXISTS (
            SELECT FROM payments_posting odd WHERE odd.escrow_id = e.id
            AND odd.destination LIKE 'quarantine:%%' AND odd.currency = p.currency)""",
    "no account but the outside's and the platform's is below zero": """
        SELECT account, currency, sum(amount) FROM (
            SELECT destination AS account, currency, amount_cents AS amount FROM payments_posting
            UNION ALL
            SELECT source, currency, -amount_cents FROM payments_posting
        ) AS legs WHERE account NOT LIKE 'outside:%%' AND account NOT LIKE 'platform:%%'
            AND account NOT LIKE 'debt:%%'
        GROUP BY account, currency HAVING sum(amount) < 0""",
    "no seller has paid back more than they owed": """
        SELECT account, currency, sum(amount) FROM (
            SELECT destination AS account, currency, amount_cents AS amount FROM payments_posting
            WHERE destination LIKE 'debt:%%'
            UNION ALL
            SELECT source, currency, -amount_cents FROM payments_posting
            WHERE source LIKE 'debt:%%'
        ) AS legs GROUP BY account, currency HAVING sum(amount) > 0""",
    "what is owed to sellers and buyers has an instruction on its way": """
        SELECT owed.account, owed.amount, coalesce(underway.amount, 0) FROM (
            SELECT account, sum(amount) AS amount FROM (
                SELECT destination AS account, amount_cents AS amount FROM payments_posting
                UNION ALL SELECT source, -amount_cents FROM payments_posting
            ) AS legs WHERE account LIKE 'seller:%%' OR account LIKE 'buyer:%%' GROUP BY account
        ) AS owed FULL JOIN (
            SELECT CASE i.kind WHEN 'transfer' THEN 'seller:' || e.seller_id
                ELSE 'buyer:' || e.buyer_id END AS account,
                sum((i.params ->> 'amount')::bigint) AS amount
            FROM payments_instruction i JOIN payments_escrow e ON e.id = i.escrow_id
            WHERE i.kind IN ('transfer', 'refund') AND (
                i.status NOT IN ('done', 'called_off', 'returned')
                OR i.status = 'done' AND EXISTS (
                SELECT FROM payments_posting p WHERE p.key = 'instruction:' || i.id || ':failed'))
            GROUP BY 1
        ) AS underway USING (account)
        WHERE coalesce(owed.amount, 0) <> coalesce(underway.amount, 0)""",
    "never more goes out for a charge than came in": """
        SELECT e.reference FROM payments_escrow e
        JOIN payments_posting p ON p.escrow_id = e.id
        GROUP BY e.id, e.reference HAVING
            coalesce(sum(p.amount_cents) FILTER (WHERE p.destination LIKE 'account:%%'
                OR p.destination = 'outside:elsewhere'
                OR (p.destination = 'outside:cards' AND p.source <> 'platform:losses')), 0)
            - coalesce(sum(p.amount_cents) FILTER (WHERE p.source LIKE 'account:%%'
                AND p.destination LIKE 'platform:%%'), 0)
            > coalesce(sum(p.amount_cents) FILTER (WHERE p.source = 'outside:cards'), 0)""",
    "what was given back after a release was taken back first, and all of it is owed or paid": """
        SELECT e.reference, e.given_back_cents, g.sum FROM payments_escrow e
        LEFT JOIN (SELECT escrow_id, sum(refund_cents) AS sum FROM payments_giveback
            WHERE status = 'done' GROUP BY escrow_id) g ON g.escrow_id = e.id
        LEFT JOIN (SELECT escrow_id, sum(amount_cents) AS given,
                sum(amount_cents) FILTER (WHERE source = 'platform:losses') AS of_seller
            FROM payments_posting WHERE source LIKE 'platform:%%' AND destination LIKE 'buyer:%%'
            GROUP BY escrow_id
        ) p ON p.escrow_id = e.id
        LEFT JOIN (SELECT i.escrow_id, sum(m.amount_cents) AS taken FROM payments_instruction i
            JOIN payments_posting m ON m.key = 'instruction:' || i.id
            WHERE i.kind = 'reversal' AND i.purpose LIKE 'give-back:%%' GROUP BY i.escrow_id
        ) r ON r.escrow_id = e.id
        LEFT JOIN (SELECT escrow_id, sum(amount_cents) AS kept FROM payments_posting
            WHERE key LIKE 'give-back:%%:kept:%%' GROUP BY escrow_id) k ON k.escrow_id = e.id
        WHERE e.given_back_cents <> coalesce(g.sum, 0)
            OR e.given_back_cents <> coalesce(p.given, 0)
            OR coalesce(p.of_seller, 0) > coalesce(r.taken, 0) + coalesce(k.kept, 0)""",
    "money moves only along the known ways": """
        SELECT key, source, destination FROM payments_posting
        WHERE (split_part(source, ':', 1), split_part(destination, ':', 1)) NOT IN (
            ('outside', 'escrow'), ('outside', 'buyer'), ('outside', 'quarantine'),
            ('escrow', 'seller'), ('escrow', 'buyer'), ('escrow', 'platform'),
            ('escrow', 'outside'), ('buyer', 'outside'), ('seller', 'account'),
            ('account', 'bank'), ('bank', 'account'), ('platform', 'outside'),
            ('quarantine', 'buyer'), ('seller', 'platform'), ('account', 'platform'),
            ('seller', 'debt'), ('debt', 'platform'), ('buyer', 'platform'),
            ('platform', 'buyer'))""",
    "what left for a seller or a buyer was instructed, and came out as instructed": """
        SELECT p.key, p.amount_cents FROM payments_posting p
        LEFT JOIN payments_instruction i ON p.key = 'instruction:' || i.id
            AND i.status IN ('done', 'returned')
            AND (i.params ->> 'amount')::bigint = p.amount_cents
        WHERE i.id IS NULL AND p.key NOT LIKE 'chargeback:%%' AND p.key NOT LIKE '%%:elsewhere'
            AND (p.source LIKE 'account:%%' AND p.destination LIKE 'platform:%%' OR
            p.destination LIKE 'account:%%' AND p.source LIKE 'seller:%%'
            OR p.destination LIKE 'bank:%%'
            OR p.source LIKE 'buyer:%%')""",
    "a transfer goes to the seller's own account": """
        SELECT i.purpose FROM payments_instruction i
        JOIN payments_escrow e ON e.id = i.escrow_id
        JOIN payments_payoutaccount a ON a.person_id = e.seller_id
        WHERE i.kind = 'transfer' AND i.params ->> 'destination' <> a.remote_id""",
    "an escrow's history is a path through its table": """
        SELECT e.reference, ev.kind FROM payments_escrowevent ev
        JOIN payments_escrow e ON e.id = ev.escrow_id
        JOIN (SELECT id, lag(to_status) OVER (PARTITION BY escrow_id ORDER BY id) AS before,
            lead(id) OVER (PARTITION BY escrow_id ORDER BY id) AS next FROM payments_escrowevent
        ) AS step ON step.id = ev.id
        WHERE ev.from_status <> coalesce(step.before, '')
            OR (step.next IS NULL AND ev.to_status <> e.status)
            OR (ev.from_status <> ev.to_status AND (ev.from_status, ev.to_status) NOT IN (
                ('', 'awaiting'), ('awaiting', 'held'), ('awaiting', 'lapsed'),
                ('held', 'released'), ('held', 'refunded'), ('held', 'split')))""",
    "no escrow has a page of its own beside a charge of its basket's card": """
        SELECT e.reference FROM payments_escrow e
        JOIN payments_instruction c ON c.escrow_id = e.id AND c.kind = 'charge'
            AND c.status IN ('ready', 'sent', 'done')
        JOIN payments_instruction p ON p.escrow_id = e.id AND p.kind = 'checkout'
            AND (p.tries > 0 OR p.due_at IS NOT NULL)""",
    "a kept card is charged what its escrow awaits, for its buyer": """
        SELECT i.purpose FROM payments_instruction i
        JOIN payments_escrow e ON e.id = i.escrow_id
        LEFT JOIN payments_basket b ON b.id = e.basket_id AND b.buyer_id = e.buyer_id
            AND b.currency = e.currency AND b.customer_id = i.params ->> 'customer'
            AND b.card_id = i.params ->> 'payment_method'
        WHERE i.kind = 'charge' AND (b.id IS NULL
            OR (i.params ->> 'amount')::bigint <> e.price_cents
            OR upper(i.params ->> 'currency') <> e.currency
            OR i.params ->> 'transfer_group' <> e.reference)""",
    "every call to the processor was written down before it was made": """
        SELECT purpose FROM payments_instruction
        WHERE (status = 'done' AND (first_sent_at IS NULL OR first_sent_at < created_at))
            OR (status = 'done' AND done_at < first_sent_at)""",
}

# What is late is for a person to look at; it is no reason to pay nobody.
ALARMS: Mapping[str, str] = {
    "no instruction waits beyond its time": """
        SELECT purpose, error FROM payments_instruction
        WHERE status IN ('ready', 'sent') AND due_at < now() - interval '1 hour'""",
    "a kept card is forgotten within the hour": """
        SELECT b.id, b.status FROM payments_basket b
        WHERE b.card_id <> '' AND b.status_since < now() - interval '1 hour' AND NOT EXISTS (
            SELECT FROM payments_instruction i WHERE i.basket_id = b.id AND i.kind = 'detach'
            AND i.status IN ('done', 'refused'))""",
    "nothing is held near the end of the time that the processor allows": """
        SELECT reference, status_since FROM payments_escrow
        WHERE status = 'held' AND status_since < now() - interval '75 days'""",
    "no event of the processor waits beyond its time": """
        SELECT event_id, error FROM payments_webhookevent
        WHERE processed_at IS NULL AND due_at < now() - interval '1 hour'""",
}
