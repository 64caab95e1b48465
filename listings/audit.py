"""Invariants of offers: each query must return no rows."""

from collections.abc import Mapping

INVARIANTS: Mapping[str, str] = {
    "what is on the market was approved by somebody else": """
        SELECT l.id FROM listings_listing l
        WHERE l.status IN ('live', 'paused', 'sold_out') AND NOT EXISTS (
            SELECT FROM listings_listingevent e WHERE e.listing_id = l.id
            AND e.kind = 'approved' AND e.actor_id <> l.seller_id)""",
    "a listing's history is a path through its table": """
        SELECT l.id, ev.kind FROM listings_listingevent ev
        JOIN listings_listing l ON l.id = ev.listing_id
        JOIN (SELECT id, lag(to_status) OVER (PARTITION BY listing_id ORDER BY id) AS before,
            lead(id) OVER (PARTITION BY listing_id ORDER BY id) AS next FROM listings_listingevent
        ) AS step ON step.id = ev.id
        WHERE ev.from_status <> coalesce(step.before, '')
            OR (step.next IS NULL AND ev.to_status <> l.status)""",
}

# A policy may become stricter while offers are live, and consents run out: a sweep pauses them, so
# what is still here after some seconds is for a person to look at.
ALARMS: Mapping[str, str] = {
    "what needs consent is live with an accepted consent": """
        SELECT l.id FROM listings_listing l JOIN providers_provider p ON p.slug = l.provider_id
        WHERE l.status = 'live' AND p.resale_policy <> 'allowed' AND NOT EXISTS (
            SELECT FROM listings_consent c
            WHERE c.listing_id = l.id AND c.accepted_at IS NOT NULL
            AND coalesce(c.valid_until >= (now() AT TIME ZONE 'UTC')::date, true))""",
}
