"""Check that an order is in the published total: python verify_proof.py proof.json ROOT

ROOT is the digest on the page /transparency/ at the time of the proof. Needs nothing but Python.
"""

import json
import sys
from hashlib import sha256
from typing import Any


def digest(*parts: object) -> str:
    """The digest of parts, joined by bars."""
    return sha256("|".join(str(part) for part in parts).encode()).hexdigest()


def check(proof: dict[str, Any]) -> bool:
    """Whether the order's leaf, joined with its neighbours, makes the root and the total."""
    cents = proof["held_cents"]
    node = digest("leaf", proof["order"], cents, proof["currency"])
    for other in proof["path"]:
        if other["cents"] < 0:
            return False
        pair = [(other["hash"], other["cents"]), (node, cents)]
        if other["side"] == "right":
            pair.reverse()
        node = digest("node", *pair[0], *pair[1])
        cents += other["cents"]
    return (node, cents) == (proof["root"], proof["total_held_cents"])


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        given = json.load(file)
    if not check(given) or given["root"] != sys.argv[2]:
        sys.exit("This proof does not hold.")
    print(f"{given['order']}: {given['held_cents']} of {given['total_held_cents']} cents held")
