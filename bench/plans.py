"""What the statements of a page do in the database: their plans, run again by EXPLAIN."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

# Whose rows are counted.
TABLE = "listings_listing"


def scanned(plan: dict[str, Any]) -> tuple[bool, int]:
    """Whether a plan reads all offers one by one, and how many it looks at."""
    own = plan.get("Relation Name") == TABLE
    loops = plan["Actual Loops"]
    looked = int(plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * loops if own else 0
    seq = own and plan["Node Type"] == "Seq Scan"
    for inner in plan.get("Plans", ()):
        inner_seq, inner_looked = scanned(inner)
        seq, looked = seq or inner_seq, looked + inner_looked
    return seq, looked


def explained(statements: Iterable[str]) -> list[tuple[bool, int]]:
    """`scanned` of each query among the statements, in the settings that they make."""
    found = []
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in statements:
            if sql.startswith("SELECT"):
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
                answer = cursor.fetchone()[0]
                tree = json.loads(answer) if isinstance(answer, str) else answer
                found.append(scanned(tree[0]["Plan"]))
            elif sql.startswith("SET"):
                cursor.execute(sql)
    return found
