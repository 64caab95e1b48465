-- What orders.batches writes for each trade, as one statement: the floor of the batch.
WITH taken AS (
    SELECT o.*, e.reference, e.charge_id, e.price_cents AS held, a.remote_id AS account
    FROM orders_order o
    JOIN payments_escrow e ON e.id = o.escrow_id
    JOIN payments_payoutaccount a ON a.person_id = o.seller_id
    WHERE o.status = 'verified' AND o.deadline <= now() AND e.status = 'held'
        AND e.contested_at IS NULL AND e.suspected_at IS NULL
    ORDER BY o.deadline LIMIT 500 FOR NO KEY UPDATE OF o, e SKIP LOCKED
),
released AS (
    UPDATE payments_escrow SET status = 'released', status_since = now(),
        released_cents = payments_escrow.price_cents
    FROM taken WHERE payments_escrow.id = taken.escrow_id
),
released_events AS (
    INSERT INTO payments_escrowevent (escrow_id, kind, from_status, to_status, note)
    SELECT escrow_id, 'released', 'held', 'released', 'The cooling-off time passed.' FROM taken
),
postings AS (
    INSERT INTO payments_posting (key, source, destination, amount_cents, currency, escrow_id)
    SELECT 'escrow:' || escrow_id || ':commission', 'escrow:' || escrow_id, 'platform:commission',
        commission_cents, currency, escrow_id FROM taken
    UNION ALL
    SELECT 'escrow:' || escrow_id || ':release', 'escrow:' || escrow_id, 'seller:' || seller_id,
        proceeds_cents, currency, escrow_id FROM taken
),
marked AS MATERIALIZED (SELECT taken.*, gen_random_uuid() AS mark FROM taken),
instructions AS (
    INSERT INTO payments_instruction
        (id, kind, purpose, attempt, params, account, escrow_id, status, tries, remote_id, error)
    SELECT mark, 'transfer', 'escrow:' || escrow_id || ':transfer', 1,
        jsonb_build_object('amount', proceeds_cents, 'currency', lower(currency),
            'destination', account, 'source_transaction', charge_id,
            'transfer_group', reference, 'metadata', jsonb_build_object('instruction', mark)),
        '', escrow_id, 'ready', 0, '', ''
    FROM marked
),
completed AS (
    UPDATE orders_order SET status = 'completed', status_since = now(), deadline = NULL,
        ended_at = now() FROM taken WHERE orders_order.id = taken.id
),
completed_events AS (
    INSERT INTO orders_orderevent (order_id, kind, from_status, to_status, note)
    SELECT id, 'completed', 'verified', 'completed', '' FROM taken
),
sold AS (
    UPDATE listings_listing SET reserved_cents = reserved_cents - cents,
        sold_cents = sold_cents + cents
    FROM (SELECT listing_id, sum(face_value_cents) AS cents FROM taken GROUP BY 1) AS parts
    WHERE listings_listing.id = parts.listing_id
),
notices AS (
    INSERT INTO accounts_notification (person_id, kind, key, context, mail_attempts)
    SELECT person, kind, 'order:' || id || ':' || kind || ':' || person,
        jsonb_build_object('url', '/orders/' || id || '/', 'title', title, 'currency', currency,
            'face_value_cents', face_value_cents, 'price_cents', price_cents,
            'proceeds_cents', proceeds_cents, 'deadline', ''), 0
    FROM taken, LATERAL (VALUES
        (buyer_id, 'order_completed_buyer'), (seller_id, 'order_completed_seller')
    ) AS told (person, kind)
),
counted AS (
    INSERT INTO accounts_standing (person_id, completed_orders, failed_orders)
    SELECT seller_id, count(*), 0 FROM taken GROUP BY 1
    ON CONFLICT (person_id) DO UPDATE SET tier_at = NULL,
        completed_orders = accounts_standing.completed_orders + excluded.completed_orders
)
SELECT count(*) FROM taken
