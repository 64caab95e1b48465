"""Invariants of offers: each query must return no rows."""

from collections.abc import Mapping

INVARIANTS: Mapping[str, str] = {
    "what is on the market was approved by somebody else": """
        SELECT l.id FROM listings_listing l
        WHERE l.status IN ('live', 'paused', 'sold_out') AND NOT EXISTS (
            SELECT FROM listings_listingevent e WHERE e.listing_id = l.id
            AND e.kind = 'approved' AND e.actor_id <> l.seller_id)""",
    "what needs consent went live with an accepted consent": """
        SELECT l.id FROM listings_listing l JOIN providers_provider p ON p.slug = l.provider_id
        WHERE l.status = 'live' AND p.resale_policy <> 'allowed' AND NOT EXISTS (
            SELECT FROM listings_consent c
            WHERE c.listing_id = l.id AND c.accepted_at IS NOT NULL)""",
}
