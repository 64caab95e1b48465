"""What people type into the card pages of the sandbox, and how often."""

from simulator.world import World

CARDS = {
    "4242424242424242": 10,
    "4000000000000077": 2,
    "4000000000000002": 1,
    "4000002760003184": 1,
    "4000008400001629": 1,
    "4000000000000259": 2,
    "4000000000002685": 1,
    "4000000000001976": 1,
    "4000000000005423": 1,
    "4000000000007726": 1,
    "4000000000005126": 2,
}


# Those that may be kept, and what becomes of them later.
KEPT = {
    "4242424242424242": 6,
    "4000000000000341": 2,
    "4000002760003184": 1,
    "4000002500003155": 1,
    "4000000000000002": 1,
    "4000000000000259": 1,
}


def typed(world: World, url: str, card: str) -> int:
    """Fill in a page, and the bank's after it; returns what the last one answered."""
    form = {"number": card, "exp": "12/34", "cvc": "123", "name": "A Buyer"}
    answer = world.fill_in(url, form)
    if answer.headers.get("Location", "").endswith("/authenticate"):
        outcome = world.rng.choice(("complete", "complete", "fail"))
        answer = world.fill_in(f"{url}/authenticate", {"outcome": outcome})
    return answer.status_code
