-- What the audit looks at when it looks only at what has changed. Each part makes a temporary
-- table of that name; see audit_scope.py.

-- rows: changed_by_itself
SELECT escrow_id AS id
FROM public.payments_posting
WHERE id > %(posting)s AND escrow_id IS NOT NULL
UNION
SELECT escrow_id
FROM public.payments_escrowevent
WHERE id > %(escrowevent)s
UNION
SELECT o.escrow_id
FROM public.orders_orderevent e
JOIN public.orders_order o ON o.id = e.order_id
WHERE e.id > %(orderevent)s

-- rows: changed_escrow
SELECT id
FROM changed_by_itself
UNION
SELECT other.id
FROM public.payments_escrow one
JOIN public.payments_escrow other ON other.basket_id = one.basket_id
WHERE one.basket_id IS NOT NULL AND one.id IN (SELECT id
FROM changed_by_itself)

-- rows: changed_order
SELECT id, listing_id
FROM public.orders_order
WHERE escrow_id IN (SELECT id
FROM changed_escrow)

-- rows: changed_listing
SELECT listing_id AS id
FROM changed_order
UNION
SELECT listing_id
FROM public.listings_listingevent
WHERE id > %(listingevent)s

-- rows: payments_posting
SELECT *
FROM public.payments_posting
WHERE escrow_id IN (SELECT id
FROM changed_escrow)
UNION
SELECT *
FROM public.payments_posting
WHERE id > %(posting)s

-- rows: payments_escrow
SELECT *
FROM public.payments_escrow
WHERE id IN (SELECT id
FROM changed_escrow)

-- rows: payments_basket
SELECT *
FROM public.payments_basket
WHERE id IN (SELECT basket_id
FROM payments_escrow)

-- rows: payments_basketevent
SELECT *
FROM public.payments_basketevent
WHERE basket_id IN (SELECT id
FROM payments_basket)

-- rows: payments_escrowevent
SELECT *
FROM public.payments_escrowevent
WHERE escrow_id IN (SELECT id
FROM changed_escrow)

-- rows: payments_instruction
SELECT *
FROM public.payments_instruction
WHERE escrow_id IN (SELECT id
FROM changed_escrow) OR id IN (SELECT split_part(key, ':', 2)::uuid
FROM payments_posting
WHERE key LIKE 'instruction:%%')

-- rows: orders_order
SELECT *
FROM public.orders_order
WHERE listing_id IN (SELECT id
FROM changed_listing)

-- rows: orders_orderevent
SELECT *
FROM public.orders_orderevent
WHERE order_id IN (SELECT id
FROM changed_order)

-- rows: orders_tranche
SELECT *
FROM public.orders_tranche
WHERE order_id IN (SELECT id
FROM changed_order)

-- rows: orders_dispute
SELECT *
FROM public.orders_dispute
WHERE order_id IN (SELECT id
FROM changed_order)

-- rows: orders_disputeevent
SELECT *
FROM public.orders_disputeevent
WHERE dispute_id IN (SELECT id
FROM orders_dispute)

-- rows: orders_codereport
SELECT *
FROM public.orders_codereport
WHERE dispute_id IN (SELECT id
FROM orders_dispute)

-- rows: orders_decision
SELECT *
FROM public.orders_decision
WHERE dispute_id IN (SELECT id
FROM orders_dispute)

-- rows: listings_listing
SELECT *
FROM public.listings_listing
WHERE id IN (SELECT id
FROM changed_listing)

-- rows: listings_listingevent
SELECT *
FROM public.listings_listingevent
WHERE listing_id IN (SELECT id
FROM changed_listing)

-- accounts: changed_account
SELECT source AS account
FROM public.payments_posting
WHERE id > %(posting)s
UNION
SELECT destination
FROM public.payments_posting
WHERE id > %(posting)s
UNION
SELECT CASE i.kind WHEN 'transfer' THEN 'seller:' || e.seller_id ELSE 'buyer:' || e.buyer_id END
FROM public.payments_instruction i
JOIN public.payments_escrow e ON e.id = i.escrow_id
WHERE i.kind IN ('transfer', 'refund') AND i.status NOT IN ('done', 'called_off', 'returned')

-- accounts: payments_posting
SELECT id, key, source AS source, 'outside:elsewhere' AS destination, amount_cents, currency, escrow_id, at
FROM public.payments_posting
WHERE source IN (SELECT account
FROM changed_account
WHERE account NOT LIKE 'outside:%%' AND account NOT LIKE 'platform:%%')
UNION ALL
SELECT id, key, 'outside:elsewhere' AS source, destination AS destination, amount_cents, currency, escrow_id, at
FROM public.payments_posting
WHERE destination IN (SELECT account
FROM changed_account
WHERE account NOT LIKE 'outside:%%' AND account NOT LIKE 'platform:%%')

-- accounts: payments_instruction
SELECT i.*
FROM public.payments_instruction i
JOIN public.payments_escrow e ON e.id = i.escrow_id
JOIN changed_account c ON c.account = 'seller:' || e.seller_id
WHERE i.kind = 'transfer'
UNION ALL
SELECT i.*
FROM public.payments_instruction i
JOIN public.payments_escrow e ON e.id = i.escrow_id
JOIN changed_account c ON c.account = 'buyer:' || e.buyer_id
WHERE i.kind = 'refund'
