"""Counts what credit was sold at, for everybody to see: one query, nothing of one person."""

import time

from django.db import connection

from listings import sold

COUNTED = """
    WITH traded AS (
        SELECT l.provider_id, o.discount_bp, o.face_value_cents, o.buyer_id, o.seller_id,
            o.ended_at,
            CASE WHEN o.transfer_method <> 'redeem_code' AND o.sent_at >= o.paid_at
                THEN extract(epoch FROM o.sent_at - o.paid_at)::bigint END AS delivery
        FROM orders_order o JOIN listings_listing l ON l.id = o.listing_id
        WHERE o.status = 'completed' AND o.currency = 'USD'
            AND o.ended_at > now() - make_interval(days => %(oldest)s)
    ), spans AS (
        SELECT now() AS until, %(recent)s AS days
        UNION ALL
        SELECT date_trunc('week', now()) - make_interval(weeks => n), %(window)s
        FROM generate_series(0, %(weeks)s - 1) AS n
    )
    SELECT coalesce(provider_id, ''), (until AT TIME ZONE 'UTC')::date, days,
        count(*), sum(face_value_cents)::bigint,
        percentile_disc(0.25) WITHIN GROUP (ORDER BY discount_bp),
        percentile_disc(0.5) WITHIN GROUP (ORDER BY discount_bp),
        percentile_disc(0.75) WITHIN GROUP (ORDER BY discount_bp),
        CASE WHEN count(delivery) >= %(trades)s
            THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY delivery) END
    FROM spans JOIN traded
        ON ended_at <= until AND ended_at > until - make_interval(days => days)
    GROUP BY GROUPING SETS ((provider_id, until, days), (until, days))
    HAVING count(*) >= %(trades)s AND count(DISTINCT buyer_id) >= %(buyers)s
        AND count(DISTINCT seller_id) >= %(sellers)s"""


def count_due() -> int:
    """Count again where the last count is too old; returns how many figures there are."""
    if not sold.is_due():
        return 0
    begun = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(
            COUNTED,
            {
                "oldest": max(sold.RECENT_DAYS, sold.WEEKS * 7 + sold.WINDOW_DAYS),
                "recent": sold.RECENT_DAYS,
                "window": sold.WINDOW_DAYS,
                "weeks": sold.WEEKS,
                "trades": sold.LEAST_TRADES,
                "buyers": sold.LEAST_BUYERS,
                "sellers": sold.LEAST_SELLERS,
            },
        )
        figures = [sold.Sold(*row) for row in cursor.fetchall()]
    return sold.keep(figures, counted_in_seconds=time.monotonic() - begun)
