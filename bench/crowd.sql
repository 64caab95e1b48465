-- A market as the console finds it: orders from a first to before a last, and all that belongs
-- to them. Every twentieth is an open case, of eighteen kinds in turn; three in a hundred
-- had a dispute that is over. A buyer has twenty orders, most sellers ninety; ten sellers have a
-- hundredth of all orders each. Everything follows from an order's number, so a market can grow.
CREATE OR REPLACE FUNCTION pg_temp.key(what text, n bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE AS $$ SELECT md5(what || n)::uuid $$;

CREATE OR REPLACE FUNCTION pg_temp.seller(offer bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN offer %% 10 = 4
        THEN 90000000 + (offer / 10) %% 10 ELSE 90000010 + offer / 10 END $$;

-- Case 0 to 17, or -1: none. The cases wait since some time of the last five days.
CREATE OR REPLACE FUNCTION pg_temp.kind(n bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN n %% 20 = 0 THEN (n / 20) %% 18 ELSE -1 END $$;

CREATE OR REPLACE FUNCTION pg_temp.placed(n bigint) RETURNS timestamptz
    LANGUAGE sql STABLE AS $$ SELECT now() - CASE WHEN n %% 20 = 0
        THEN interval '1 minute' * ((n * 7919) %% 7200) ELSE interval '1 minute' *
        (7200 + (n * 7919) %% 518400) END $$;

CREATE OR REPLACE FUNCTION pg_temp.title(offer bigint) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$ SELECT 'Credit left from project ' || offer || ' of the ' ||
        (ARRAY['maple', 'birch', 'cedar', 'aspen', 'willow', 'poplar', 'linden', 'alder', 'hazel',
        'rowan', 'spruce', 'larch', 'juniper', 'cypress', 'sequoia', 'acacia', 'laurel', 'olive',
        'walnut', 'chestnut'])[1 + abs(hashint8(offer)) %% 20] || ' team' $$;

INSERT INTO accounts_person (id, password, is_superuser, email, canonical_email, name, is_active,
    is_staff, joined_at, generation, role)
SELECT id, '!', false, mail, mail, name, true, false, now() - interval '400 days', 0, '' FROM (
    SELECT 80000000 + n AS id, 'buyer' || n || '@crowd.example' AS mail, 'Buyer ' || n AS name
    FROM generate_series(%(first)s / 20, (%(last)s - 1) / 20) n
    UNION ALL
    SELECT id, 'seller' || id || '@crowd.example', 'Seller ' || id FROM (
        SELECT DISTINCT pg_temp.seller(offer)
        FROM generate_series(%(first)s / 10, (%(last)s - 1) / 10) offer) AS s (id)) AS people
ON CONFLICT DO NOTHING;

INSERT INTO accounts_standing (person_id, completed_orders, failed_orders, tier, granted)
SELECT id, 60, 1, 'established', 'new' FROM accounts_person WHERE id >= 90000000
ON CONFLICT DO NOTHING;

INSERT INTO payments_payoutaccount (person_id, remote_id, ready, requirements, country, was_ready)
SELECT id, 'acct_crowd' || id, true, '[]', 'US', true FROM accounts_person WHERE id >= 90000000
ON CONFLICT DO NOTHING;

INSERT INTO accounts_likeness (first_id, second_id, evidence, raised_at, decision)
SELECT 80000000 + n / 20, 90000010 + n / 100, ARRAY['card'], pg_temp.placed(n), ''
FROM generate_series(%(first)s, %(last)s - 1) n WHERE pg_temp.kind(n) = 13
ON CONFLICT DO NOTHING;

INSERT INTO listings_listing (id, title, description, currency, face_value_cents,
    min_order_cents, step_cents, discount_bp, expires_on, region, transfer_method, status,
    status_since, created_at, available_cents, reserved_cents, sold_cents, provider_id, seller_id,
    check_score)
SELECT pg_temp.key('offer', offer), pg_temp.title(offer),
    'What is left of a grant. We moved to another cloud in spring; offer ' || offer || '.',
    'USD', 2000000, 1000, 1000, 3000 + offer %% 4000, current_date + 200, '', 'balance_transfer',
    CASE WHEN kind IN (14, 15) THEN 'in_review' WHEN offer %% 4 = 0 THEN 'sold_out' ELSE 'live' END,
    pg_temp.placed(offer * 10), pg_temp.placed(offer * 10) - interval '1 day',
    1000000, 500000, 500000,
    (ARRAY(SELECT slug FROM providers_provider ORDER BY slug))[1 + offer %% 60],
    pg_temp.seller(offer), CASE WHEN kind = 14 THEN 60 ELSE 0 END
FROM (SELECT offer, CASE WHEN offer %% 2 = 0 THEN (offer / 2) %% 18 ELSE -1 END AS kind
    FROM generate_series(%(first)s / 10, (%(last)s - 1) / 10) offer) AS offers;

INSERT INTO listings_listingevent (listing_id, at, kind, from_status, to_status, note, actor_id)
SELECT pg_temp.key('offer', offer), pg_temp.placed(offer * 10), step.kind, before, after, '',
    pg_temp.seller(offer)
FROM generate_series(%(first)s / 10, (%(last)s - 1) / 10) offer, (VALUES ('drafted', '', 'draft'),
    ('submitted', 'draft', 'in_review'), ('approved', 'in_review', 'live'))
    AS step (kind, before, after);

INSERT INTO listings_finding (listing_id, check_name, figure, threshold, weight, at)
SELECT pg_temp.key('offer', n / 10), name, 3, 1, 30, pg_temp.placed(n)
FROM generate_series(%(first)s, %(last)s - 1) n, (VALUES ('same_device'), ('reports')) AS c (name)
WHERE pg_temp.kind(n) = 14
ON CONFLICT DO NOTHING;

INSERT INTO listings_report (listing_id, reason, text, at, closed_at, reporter_id)
SELECT pg_temp.key('offer', n / 10), 'stolen', 'This credit was mine, I can show the invoice.',
    pg_temp.placed(n), CASE WHEN pg_temp.kind(n) <> 11 THEN now() END, 80000000 + n / 20
FROM generate_series(%(first)s, %(last)s - 1) n WHERE pg_temp.kind(n) = 11 OR n %% 50 = 7;

INSERT INTO payments_escrow (id, reference, currency, price_cents, commission_cents,
    proceeds_cents, released_cents, refunded_cents, status, status_since, created_at, checkout_id,
    checkout_url, payment_id, charge_id, fee_cents, poll_due_at, buyer_id, seller_id,
    suspected_at, quarantined_at)
SELECT pg_temp.key('escrow', n), pg_temp.key('order', n)::text, 'USD', 3000, 300, 2700,
    CASE WHEN n %% 20 > 3 THEN 3000 ELSE 0 END, CASE WHEN n %% 20 = 3 THEN 3000 ELSE 0 END,
    CASE WHEN n %% 20 > 3 THEN 'released' WHEN n %% 20 = 3 THEN 'refunded' ELSE 'held' END,
    pg_temp.placed(n), pg_temp.placed(n), 'cs_' || n, 'https://pay.example/' || n, 'pi_' || n,
    'ch_' || n, 120, NULL, 80000000 + n / 20, pg_temp.seller(n / 10),
    CASE WHEN pg_temp.kind(n) = 3 THEN pg_temp.placed(n) END,
    CASE WHEN pg_temp.kind(n) = 4 THEN pg_temp.placed(n) END
FROM generate_series(%(first)s, %(last)s - 1) n;

INSERT INTO payments_escrowevent (escrow_id, at, kind, from_status, to_status, note)
SELECT pg_temp.key('escrow', n), pg_temp.placed(n), step.kind, before, after, ''
FROM generate_series(%(first)s, %(last)s - 1) n, (VALUES ('opened', '', 'awaiting', 0),
    ('held', 'awaiting', 'held', 0), ('released', 'held', 'released', 4))
    AS step (kind, before, after, least)
WHERE n %% 20 >= least;

INSERT INTO payments_posting (key, source, destination, amount_cents, currency, at, escrow_id)
SELECT 'crowd:' || n || step.name,
    replace(replace(source, 'N', pg_temp.key('escrow', n)::text), 'S',
        pg_temp.seller(n / 10)::text),
    replace(replace(destination, 'N', pg_temp.key('escrow', n)::text), 'S',
        pg_temp.seller(n / 10)::text),
    cents, 'USD', pg_temp.placed(n), pg_temp.key('escrow', n)
FROM generate_series(%(first)s, %(last)s - 1) n, (VALUES
    (':charge', 'outside:cards', 'escrow:N', 3000, 0),
    (':commission', 'escrow:N', 'platform:commission', 300, 4),
    (':release', 'escrow:N', 'seller:S', 2700, 4),
    (':transfer', 'seller:S', 'account:S', 2700, 4))
    AS step (name, source, destination, cents, least)
WHERE n %% 20 >= least;

INSERT INTO orders_order (id, title, currency, face_value_cents, discount_bp, price_cents,
    commission_cents, proceeds_cents, transfer_method, deliver_within_seconds,
    inspect_within_seconds, cooling_off_seconds, placed_at, pay_before, status, status_since,
    deadline, recipient, paid_at, sent_at, sent_note, rung, verdict, ended_at, buyer_id, escrow_id,
    listing_id, seller_id)
SELECT pg_temp.key('order', n), pg_temp.title(n / 10), 'USD', 5000, 4000, 3000, 300, 2700,
    'balance_transfer', 172800, 259200, 86400, at, at + interval '30 minutes', status, at,
    CASE WHEN n %% 20 < 3 THEN now() + interval '1 minute' * ((n * 31) %% 14400) END,
    'Workspace ' || n, at, at, 'Sent, reference ' || n || '.',
    CASE WHEN kind = 16 THEN 'evidence_upload' ELSE 'buyer_confirmation' END,
    CASE WHEN kind = 17 THEN 'inconclusive' ELSE '' END,
    CASE WHEN n %% 20 > 2 THEN at + interval '2 days' END, 80000000 + n / 20,
    pg_temp.key('escrow', n), pg_temp.key('offer', n / 10), pg_temp.seller(n / 10)
FROM (SELECT n, kind, pg_temp.placed(n) AS at, CASE WHEN kind BETWEEN 0 AND 2 THEN 'disputed'
    WHEN kind IN (16, 17) OR n %% 20 = 2 THEN 'transferred' WHEN n %% 20 < 2 THEN 'paid'
    WHEN n %% 20 = 3 THEN 'cancelled' ELSE 'completed' END AS status
    FROM (SELECT n, pg_temp.kind(n) AS kind FROM generate_series(%(first)s, %(last)s - 1) n) AS k
) AS orders;

INSERT INTO orders_orderevent (order_id, at, kind, from_status, to_status, note)
SELECT pg_temp.key('order', n), pg_temp.placed(n), step.kind, before, after, ''
FROM generate_series(%(first)s, %(last)s - 1) n, (VALUES ('placed', '', 'placed', 0),
    ('paid', 'placed', 'paid', 0), ('sent', 'paid', 'transferred', 2),
    ('completed', 'transferred', 'completed', 4)) AS step (kind, before, after, least)
WHERE n %% 20 >= least;

INSERT INTO orders_dispute (id, order_id, status, status_since, opened_by_id, reason, text,
    opened_at, answer, answered_at, decided_by_id, outcome, refund_cents, decision, decided_at,
    appeal, appealed_by_id, appealed_at)
SELECT 50000000 + n, pg_temp.key('order', n), CASE kind WHEN 0 THEN 'reviewing'
    WHEN 1 THEN 'appealed' WHEN 2 THEN 'talking' ELSE 'ended' END, at, 80000000 + n / 20,
    (ARRAY['not_received', 'less_than_agreed', 'not_as_described', 'other'])[1 + n %% 4],
    'I looked for it in my workspace on three days and it is not there. Order ' || n || '.', at,
    'It was sent, and the provider shows it as received.', at,
    CASE WHEN kind IN (-1, 1) THEN 70000000 + n %% 20 END,
    CASE WHEN kind IN (-1, 1) THEN 'release' ELSE '' END, CASE WHEN kind IN (-1, 1) THEN 0 END,
    '', CASE WHEN kind IN (-1, 1) THEN at END, CASE WHEN kind = 1 THEN 'It never arrived.' ELSE ''
    END, CASE WHEN kind = 1 THEN 80000000 + n / 20 END, CASE WHEN kind = 1 THEN at END
FROM (SELECT n, pg_temp.kind(n) AS kind, pg_temp.placed(n) AS at
    FROM generate_series(%(first)s, %(last)s - 1) n) AS orders
WHERE kind BETWEEN 0 AND 2 OR kind = -1 AND n %% 33 = 1 AND n %% 20 > 3;

INSERT INTO orders_disputeevent (dispute_id, at, kind, from_status, to_status, note)
SELECT id, opened_at, step.kind, before, after, ''
FROM orders_dispute, (VALUES ('opened', '', 'answering'), ('answered', 'answering', 'talking'),
    ('to_moderator', 'talking', 'reviewing')) AS step (kind, before, after)
WHERE id >= 50000000 + %(first)s;

INSERT INTO orders_decision (dispute_id, round, outcome, refund_cents, reason, at, by_id)
SELECT id, 1, 'release', 0, 'The provider''s page shows it as received.', decided_at, decided_by_id
FROM orders_dispute WHERE id >= 50000000 + %(first)s AND decided_by_id IS NOT NULL;

INSERT INTO orders_rating (order_id, by_id, about_id, stars, text, at, shown_at, report,
    reported_at)
SELECT pg_temp.key('order', n), 80000000 + n / 20, pg_temp.seller(n / 10), 1 + n %% 5,
    'As agreed.', pg_temp.placed(n), pg_temp.placed(n),
    CASE WHEN pg_temp.kind(n) = 12 THEN 'It names me.' ELSE '' END,
    CASE WHEN pg_temp.kind(n) = 12 THEN pg_temp.placed(n) END
FROM generate_series(%(first)s, %(last)s - 1) n WHERE pg_temp.kind(n) = 12 OR n %% 20 IN (5, 11);

INSERT INTO payments_instruction (id, kind, purpose, attempt, params, account, status, tries,
    created_at, first_sent_at, due_at, done_at, remote_id, error, escrow_id, person_id)
SELECT pg_temp.key('call', n), 'transfer', 'escrow:' || n || ':transfer', 1,
    jsonb_build_object('amount', 2700), '', CASE WHEN kind = 8 THEN 'refused' ELSE 'done' END, 1,
    pg_temp.placed(n), pg_temp.placed(n), NULL, CASE WHEN kind <> 8 THEN pg_temp.placed(n) END,
    CASE WHEN kind = 8 THEN '' ELSE 'tr_' || n END,
    CASE WHEN kind = 8 THEN 'account_closed' ELSE '' END, pg_temp.key('escrow', n), NULL
FROM (SELECT n, pg_temp.kind(n) AS kind FROM generate_series(%(first)s, %(last)s - 1) n) AS orders
WHERE kind = 8 OR n %% 20 > 3;

-- Beside its own, each refused call and each event that was set aside has one.
INSERT INTO payments_incident (key, kind, text, raised_at, closed_at, escrow_id)
SELECT CASE kind WHEN 8 THEN 'refused:escrow:' || n || ':transfer'
    WHEN 10 THEN 'webhook:evt_' || n ELSE 'card_dispute:' || n END,
    CASE kind WHEN 8 THEN 'refused_by_processor' WHEN 10 THEN 'webhook' ELSE 'card_dispute' END,
    'The buyer''s bank disputes 3000 USD.', pg_temp.placed(n),
    CASE WHEN kind = -1 THEN now() END, pg_temp.key('escrow', n)
FROM (SELECT n, pg_temp.kind(n) AS kind FROM generate_series(%(first)s, %(last)s - 1) n) AS orders
WHERE kind IN (5, 8, 10) OR n %% 100 = 9;

INSERT INTO payments_reconciliation (id, at, lines, matched, explained, found, finished_at)
VALUES (1, now(), 1, 1, '{}', 0, now()) ON CONFLICT DO NOTHING;

INSERT INTO payments_difference (key, kind, account, source, posted_cents, line_cents, currency,
    text, found_at, last_in_id)
SELECT 'extra:' || n, 'extra', '', 'ch_nobodys' || n, 0, 3000, 'USD',
    'ch_nobodys: 3000 was moved there, and nothing is posted here.', pg_temp.placed(n), 1
FROM generate_series(%(first)s, %(last)s - 1) n WHERE pg_temp.kind(n) = 6;

INSERT INTO accounts_proposal (action, row, subject, title, terms, digest, cents, parties,
    proposed_at, expires_at, state, decision, agreed_digest, executed_digest, proposed_by_id)
SELECT 'listings.listing.removal', n, 'listing:' || n, 'Remove: offer ' || n, '{}', md5(n::text),
    3000, '{}', pg_temp.placed(n), now() + interval '3 days', 'open', '', '', '', 70000001
FROM generate_series(%(first)s, %(last)s - 1) n WHERE pg_temp.kind(n) = 7;

INSERT INTO payments_payout (id, amount_cents, currency, status, remote_id, failure, created_at,
    person_id, failed_at)
SELECT pg_temp.key('payout', n), 2700, 'USD', CASE WHEN kind = 9 THEN 'failed' ELSE 'paid' END,
    'po_' || n, CASE WHEN kind = 9 THEN 'account_closed' ELSE '' END, pg_temp.placed(n),
    pg_temp.seller(n / 10), CASE WHEN kind = 9 THEN pg_temp.placed(n) END
FROM (SELECT n, pg_temp.kind(n) AS kind FROM generate_series(%(first)s, %(last)s - 1) n) AS orders
WHERE kind = 9 OR n %% 10 = 5;

INSERT INTO payments_webhookevent (event_id, type, object_id, account, received_at, due_at, tries,
    processed_at, error)
SELECT 'evt_' || n, 'charge.updated', 'ch_' || n, '', pg_temp.placed(n), NULL, 1,
    CASE WHEN pg_temp.kind(n) <> 10 THEN pg_temp.placed(n) END,
    CASE WHEN pg_temp.kind(n) = 10 THEN 'TimeoutError()' ELSE '' END
FROM generate_series(%(first)s, %(last)s - 1) n;

INSERT INTO accounts_auditentry (at, act, subject, reason, details, actor_id)
SELECT now() - interval '1 second' * (10000000 - n), (ARRAY['listing_approved', 'listing_rejected', 'report_closed',
    'dispute_decided', 'order_private_read', 'incident_closed', 'person_suspended', 'proposed',
    'proposal_agreed', 'code_opened'])[1 + n %% 10],
    'listing:' || pg_temp.key('offer', n / 10), 'I compared the documents of order ' || n || '.',
    jsonb_build_object('order', n), 70000000 + n %% 20
FROM generate_series(%(first)s, %(last)s - 1) n;

INSERT INTO accounts_claim (key, person_id, until)
SELECT 'orders.dispute:' || 50000000 + n, 70000000 + n %% 20, now() + interval '2 hours'
FROM generate_series(%(first)s, %(last)s - 1) n WHERE pg_temp.kind(n) = 0 AND n %% 7 = 0
