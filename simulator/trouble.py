"""What goes wrong around the people: time, webhooks, the worker, Stripe, and sudden death."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connection

from marketplace import sweeps
from payments import failpoints
from payments.models import PayoutAccount
from simulator.world import World

# Seconds, and how often.
LEAPS = {1: 6, 15: 6, 40: 8, 600: 5, 3600: 2, 6 * 3600: 1, 86400: 1, 3 * 86400: 1}
FAULTS = ("answer_lost", "status_500", "done_then_500", "status_409", "status_429")
PATHS = (
    "/v1/transfers",
    "/v1/refunds",
    "/v1/payouts",
    "/v1/checkout/sessions",
    "/v1/payment_intents",
    "/v1/payment_methods",
    "/v1/disputes",
    "/v1/",
)


class Crash(BaseException):
    """The process dies here. Nothing may catch it, as nothing catches `kill -9`."""


def time_passes(world: World) -> str:
    """Seconds mostly; sometimes nothing happens for days."""
    seconds = world.rng.choices(list(LEAPS), weights=list(LEAPS.values()))[0]
    world.pass_time(seconds)
    return f"{seconds} s pass"


def webhooks_arrive(world: World) -> str:
    """Some of what is under way arrives: in any order, some twice, some never."""
    world.take_webhooks()
    if not world.under_way:
        return ""
    how = world.rng.choice(("in order", "shuffled", "in order", "one", "dropped"))
    if how == "shuffled":
        world.rng.shuffle(world.under_way)
    count = 1 if how == "one" else world.rng.randint(1, len(world.under_way))
    arriving, world.under_way = world.under_way[:count], world.under_way[count:]
    if how != "dropped":
        for number, hook in enumerate(arriving):
            try:
                for _ in range(world.rng.choice((1, 1, 1, 2))):
                    world.bring(hook)
            except Crash:
                # Nobody has said 200, so they all come again.
                world.under_way += arriving[number:]
                raise
    return f"webhooks {how}: {len(arriving)} of {len(world.under_way) + len(arriving)}"


def worker_runs(world: World) -> str:
    """What the broker lets through of what beat triggers: nothing, one sweep, or some twice."""
    asked = world.rng.choice(
        (
            (sweeps.sweep,),
            (sweeps.sweep,),
            (sweeps.poll,),
            (sweeps.poll, sweeps.sweep),
            (sweeps.sweep, sweeps.sweep),
            (sweeps.audit,),
        )
    )
    return ", ".join(f"{act.__name__} {_counted(act())}" for act in asked)


def _counted(counts: dict[str, int]) -> str:
    return " ".join(f"{name}={count}" for name, count in counts.items() if count) or "nothing"


def stripe_fails(world: World) -> str:
    """One of the next calls to Stripe goes wrong, done or not."""
    fault = {
        "kind": world.rng.choice(FAULTS),
        "method": world.rng.choice(("POST", "POST", "GET")),
        "path": world.rng.choice(PATHS),
        "times": world.rng.choice((1, 1, 2)),
    }
    world.control("POST", "faults/", fault)
    return f"{fault['kind']} at {fault['method']} {fault['path']}"


def account_changes(world: World) -> str:
    """Stripe restricts a seller, or lets them go on."""
    account = world.pick(PayoutAccount.objects.order_by("person_id"))
    restricted = world.rng.random() < 0.4
    world.control("POST", f"accounts/{account.remote_id}/", {"restricted": restricted})
    return f"account {account.person_id} restricted: {restricted}"


@contextmanager
def mortal(world: World) -> Iterator[None]:
    """Inside, the process may die: at a failpoint, or before any statement to the database."""
    how = world.rng.random()
    with ExitStack() as stack:
        if how < 0.15:
            stack.enter_context(failpoints.watched(_dies_at(world.rng.randint(1, 10))))
        elif how < 0.25:
            stack.enter_context(connection.execute_wrapper(_dies_before(world.rng.randint(1, 60))))
        yield


def _dies_at(number: int) -> Callable[[str], None]:
    left = [number]

    def watch(reached: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash(f"at {reached}")

    return watch


def _dies_before(statement: int) -> Any:
    left = [statement]

    def execute(run: Any, query: Any, params: Any, many: bool, context: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Crash(f"before statement {statement}")
        return run(query, params, many, context)

    return execute


SURROUNDINGS: dict[Any, int] = {
    time_passes: 22,
    webhooks_arrive: 22,
    worker_runs: 30,
    stripe_fails: 6,
    account_changes: 2,
}
