"""Invariants of trades, their stock and their codes: each query must return no rows."""

from collections.abc import Mapping

INVARIANTS: Mapping[str, str] = {
    "what a listing has reserved is what its open orders reserve": """
        SELECT l.id, l.reserved_cents, coalesce(o.open, 0) FROM listings_listing l
        LEFT JOIN (SELECT listing_id, sum(face_value_cents) AS open FROM orders_order
            WHERE status NOT IN ('completed', 'cancelled') GROUP BY listing_id) o
        ON o.listing_id = l.id WHERE l.reserved_cents <> coalesce(o.open, 0)""",
    "what a listing has sold is what its orders took from it": """
        SELECT l.id, l.sold_cents, coalesce(o.gone, 0) FROM listings_listing l
        LEFT JOIN (SELECT listing_id, sum(face_value_cents) AS gone FROM orders_order
            WHERE status = 'completed' OR (status = 'cancelled' AND sent_at IS NOT NULL)
            GROUP BY listing_id) o
        ON o.listing_id = l.id WHERE l.sold_cents <> coalesce(o.gone, 0)""",
    "stock sums to the face value": """
        SELECT id FROM listings_listing
        WHERE available_cents + reserved_cents + sold_cents <> face_value_cents
            OR least(available_cents, reserved_cents, sold_cents) < 0""",
    "an offer by code has codes for what it has left": """
        SELECT l.id FROM listings_listing l WHERE l.transfer_method = 'redeem_code'
        AND l.status IN ('live', 'paused', 'sold_out') AND l.available_cents <> coalesce((
            SELECT sum(c.face_value_cents) FROM listings_code c
            WHERE c.listing_id = l.id AND c.status = 'available'), 0)""",
    "an order has codes for exactly its face value": """
        SELECT o.id FROM orders_order o WHERE o.transfer_method = 'redeem_code'
        AND o.status NOT IN ('cancelled') AND o.face_value_cents <> coalesce((
            SELECT sum(c.face_value_cents) FROM listings_code c
            WHERE c.reserved_for = o.id AND c.status IN ('reserved', 'revealed')), 0)""",
    "a code is seen only after its order was paid": """
        SELECT c.id FROM listings_code c JOIN orders_order o ON o.id = c.reserved_for
        WHERE c.status = 'revealed' AND (o.paid_at IS NULL OR c.revealed_at < o.paid_at)""",
    "order and escrow agree on the quote and the parties": """
        SELECT o.id FROM orders_order o JOIN payments_escrow e ON e.id = o.escrow_id
        WHERE (o.price_cents, o.commission_cents, o.proceeds_cents, o.currency, o.buyer_id,
            o.seller_id, o.id::text) IS DISTINCT FROM (e.price_cents, e.commission_cents,
            e.proceeds_cents, e.currency, e.buyer_id, e.seller_id, e.reference)""",
    "order and escrow agree on where the money is": """
        SELECT o.id, o.status, e.status FROM orders_order o
        JOIN payments_escrow e ON e.id = o.escrow_id
        CROSS JOIN LATERAL (SELECT e.status IN ('refunded', 'split') AND EXISTS (
            SELECT FROM payments_escrowevent ev
            WHERE ev.escrow_id = e.id AND ev.kind = 'taken_back_by_bank') AS taken_back) AS bank
        WHERE NOT CASE o.status
            WHEN 'placed' THEN e.status IN ('awaiting', 'held') OR taken_back
            WHEN 'completed' THEN e.status IN ('released', 'split')
            WHEN 'cancelled' THEN e.status IN ('lapsed', 'refunded') OR taken_back
            ELSE e.status = 'held' OR taken_back END""",
    "the orders of a basket are its buyer's, in its currency, two at least": """
        SELECT b.id FROM payments_basket b LEFT JOIN payments_escrow e ON e.basket_id = b.id
        GROUP BY b.id HAVING count(e.id) NOT BETWEEN 2 AND 10
            OR bool_or((e.buyer_id, e.currency) IS DISTINCT FROM (b.buyer_id, b.currency))""",
    "a basket's history is a path through its table": """
        SELECT b.id, ev.kind FROM payments_basketevent ev
        JOIN payments_basket b ON b.id = ev.basket_id
        JOIN (SELECT id, lag(to_status) OVER (PARTITION BY basket_id ORDER BY id) AS before,
            lead(id) OVER (PARTITION BY basket_id ORDER BY id) AS next FROM payments_basketevent
        ) AS step ON step.id = ev.id
        WHERE ev.from_status <> coalesce(step.before, '')
            OR (step.next IS NULL AND ev.to_status <> b.status)
            OR (ev.from_status, ev.to_status) NOT IN (('', 'open'), ('open', 'charging'),
                ('open', 'ended'), ('charging', 'ended'))""",
    "nobody trades with themselves": """
        SELECT o.id FROM orders_order o JOIN listings_listing l ON l.id = o.listing_id
        WHERE o.buyer_id = o.seller_id OR o.seller_id <> l.seller_id""",
    "an order is in dispute as long as its dispute goes on": """
        SELECT o.id, o.status, d.status FROM orders_order o
        JOIN orders_dispute d ON d.order_id = o.id
        WHERE (o.status = 'disputed') <> (d.status <> 'ended')""",
    "what a dispute moved is what was decided or agreed": """
        SELECT o.id, e.refunded_cents, d.refund_cents, p.refund_cents FROM orders_dispute d
        JOIN orders_order o ON o.id = d.order_id JOIN payments_escrow e ON e.id = o.escrow_id
        LEFT JOIN orders_proposedsplit p ON p.dispute_id = d.id AND p.status = 'accepted'
        WHERE (d.status = 'ended' AND d.refund_cents IS DISTINCT FROM e.refunded_cents)
            OR (p.id IS NOT NULL AND (d.status <> 'ended' OR p.refund_cents <> d.refund_cents))""",
    "a decision moved money early only where nobody was left to appeal": """
        SELECT o.id, d.refund_cents FROM orders_dispute d JOIN orders_order o ON o.id = d.order_id
        JOIN orders_disputeevent ev ON ev.dispute_id = d.id AND ev.kind = 'accepted'
        WHERE (d.refund_cents > 0 AND d.seller_accepted_at IS NULL)
            OR (d.refund_cents < o.price_cents AND d.buyer_accepted_at IS NULL)""",
    "an appeal was decided by somebody else": """
        SELECT one.dispute_id FROM orders_decision one
        JOIN orders_decision two ON two.dispute_id = one.dispute_id AND two.round = 2
        WHERE one.round = 1 AND one.by_id = two.by_id""",
    "a reported code is one that the dispute's buyer was shown": """
        SELECT r.id FROM orders_codereport r JOIN orders_dispute d ON d.id = r.dispute_id
        JOIN listings_code c ON c.id = r.code_id
        WHERE c.reserved_for IS DISTINCT FROM d.order_id OR c.status <> 'revealed'""",
    "a dispute's history is a path through its table": """
        SELECT d.id, ev.kind FROM orders_disputeevent ev
        JOIN orders_dispute d ON d.id = ev.dispute_id
        JOIN (SELECT id, lag(to_status) OVER (PARTITION BY dispute_id ORDER BY id) AS before,
            lead(id) OVER (PARTITION BY dispute_id ORDER BY id) AS next FROM orders_disputeevent
        ) AS step ON step.id = ev.id
        WHERE (step.before IS NOT NULL AND ev.from_status <> step.before)
            OR (step.next IS NULL AND ev.to_status <> d.status)
            OR (ev.from_status <> ev.to_status AND (ev.from_status, ev.to_status) NOT IN (
                ('', 'answering'), ('answering', 'talking'), ('answering', 'decided'),
                ('talking', 'reviewing'), ('talking', 'decided'), ('reviewing', 'decided'),
                ('decided', 'appealed'), ('answering', 'ended'), ('talking', 'ended'),
                ('reviewing', 'ended'), ('decided', 'ended'), ('appealed', 'ended')))""",
    "an order's history is a path through its table": """
        SELECT o.id, ev.kind FROM orders_orderevent ev JOIN orders_order o ON o.id = ev.order_id
        JOIN (SELECT id, lag(to_status) OVER (PARTITION BY order_id ORDER BY id) AS before,
            lead(id) OVER (PARTITION BY order_id ORDER BY id) AS next FROM orders_orderevent
        ) AS step ON step.id = ev.id
        WHERE ev.from_status <> coalesce(step.before, '')
            OR (step.next IS NULL AND ev.to_status <> o.status)
            OR (ev.from_status <> ev.to_status AND (ev.from_status, ev.to_status) NOT IN (
                ('', 'placed'), ('placed', 'paid'), ('placed', 'cancelled'),
                ('paid', 'transferred'), ('paid', 'disputed'), ('paid', 'cancelled'),
                ('transferred', 'verified'), ('transferred', 'disputed'),
                ('transferred', 'cancelled'), ('verified', 'completed'),
                ('verified', 'disputed'), ('verified', 'cancelled'),
                ('disputed', 'completed'), ('disputed', 'cancelled')))""",
    "a key is held only while an arrival is measured": """
        SELECT v.order_id, v.status FROM orders_verification v
        JOIN orders_order o ON o.id = v.order_id
        WHERE v.ciphertext IS NOT NULL
        AND (v.status = 'done' OR o.status IN ('completed', 'cancelled'))""",
    "what a reading verified is at least what was agreed": """
        SELECT id, measured_cents FROM orders_order WHERE verdict = 'verified'
        AND rung IN ('api_balance', 'api_grant_row')
        AND coalesce(measured_cents, 0) < face_value_cents""",
    "what a held payment has released is what the parts of its order cost": """
        SELECT o.id, e.released_cents, p.up_to FROM orders_order o
        JOIN payments_escrow e ON e.id = o.escrow_id
        CROSS JOIN LATERAL (SELECT max(t.up_to_cents) AS up_to FROM orders_tranche t
            WHERE t.order_id = o.id AND t.released_at IS NOT NULL) AS p
        WHERE (e.status = 'held' AND e.released_cents <> coalesce(div(
            2 * o.price_cents::numeric * p.up_to + o.face_value_cents, 2 * o.face_value_cents), 0))
            OR e.released_cents < coalesce(div(2 * o.price_cents::numeric * p.up_to
                + o.face_value_cents, 2 * o.face_value_cents), 0)""",
    "what an order says of its parts is what they are": """
        SELECT o.id, p.sent, p.arrived FROM orders_order o
        CROSS JOIN LATERAL (SELECT coalesce(max(t.up_to_cents), 0) AS sent, coalesce(max(
            t.up_to_cents) FILTER (WHERE t.arrived_at IS NOT NULL), 0) AS arrived,
            count(*) FILTER (WHERE t.released_at < t.arrived_at) AS early
            FROM orders_tranche t WHERE t.order_id = o.id) AS p
        WHERE (o.parts_sent_cents, o.parts_arrived_cents) <> (p.sent, p.arrived) OR p.early > 0
            OR (o.more_to_come AND p.sent = 0)""",
    "an order that has not ended has a deadline": """
        SELECT id, status FROM orders_order
        WHERE (deadline IS NULL) <> (status IN ('completed', 'cancelled'))""",
}

# What is late is for a person to look at. An order whose payment the bank disputes has to wait.
ALARMS: Mapping[str, str] = {
    "an order follows its money within the hour": """
        SELECT o.id, o.status, e.status FROM orders_order o
        JOIN payments_escrow e ON e.id = o.escrow_id
        WHERE e.status_since < now() - interval '1 hour' AND (
            (o.status = 'placed' AND e.status NOT IN ('awaiting', 'lapsed'))
            OR (o.status IN ('paid', 'transferred', 'verified', 'disputed')
                AND e.status <> 'held'))""",
    "no key is kept beyond its watch": """
        SELECT order_id, until FROM orders_watch
        WHERE ciphertext IS NOT NULL AND until < now() - interval '1 hour'""",
    "no order waits beyond its deadline": """
        SELECT o.id, o.status, o.deadline FROM orders_order o
        JOIN payments_escrow e ON e.id = o.escrow_id
        WHERE o.deadline < now() - interval '1 hour' AND e.contested_at IS NULL
            AND (e.suspected_at IS NULL OR e.suspected_at < now() - interval '8 days')""",
}
