"""The invariants of the ledger audit in one call, for whoever asks after every step.

A function in the database holds the very same queries: a session plans them once, and not each
time anew, which takes longer than to answer them where there are few rows.
"""

from django.db import connection

from accounts import audit_chain
from marketplace.ledger_audit import INVARIANTS
from payments import seals


def install() -> None:
    """Make the function in this database, or make it anew."""
    found = "".join(
        f"RETURN QUERY SELECT $name${name}$name$::text FROM ({query}) AS broken LIMIT 1;\n"
        for name, query in INVARIANTS.items()
    )
    with connection.cursor() as cursor:
        # Stable, so that all of them see the same rows.
        cursor.execute(
            "CREATE OR REPLACE FUNCTION public.invariants_broken() RETURNS SETOF text"
            f" LANGUAGE plpgsql STABLE AS $audit$ BEGIN {found} END $audit$"
        )


def broken() -> list[str]:
    """The name of each invariant that does not hold, and what is wrong with each seal.

    `ledger_audit.violations` tells which rows break it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT invariants_broken()")
        names = [name for (name,) in cursor.fetchall()]
    return [*names, *seals.CHAIN.broken(), *audit_chain.CHAIN.broken()]
