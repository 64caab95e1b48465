"""Faults: failures made on purpose, a given number of times."""

from sandbox.models import Fault
from sandbox.writing import writing

KINDS = ("answer_lost", "status_500", "done_then_500", "status_409", "status_429", "slow")
PROVIDER_KINDS = ("lag", "slow", "status_500", "redirect", "garbage", "huge", "reset")


def take(method: str, path: str) -> str | None:
    """The fault that hits this Stripe request, if any; uses up one of its times."""
    if not Fault.objects.filter(provider="").exists():
        return None
    with writing():
        for fault in Fault.objects.filter(provider="").order_by("pk"):
            if fault.method in ("", "*", method) and path.startswith(fault.path):
                return _use(fault)
    return None


def take_for_provider(slug: str) -> str | None:
    """The fault that hits this request to a provider, if any."""
    if not Fault.objects.filter(provider=slug).exists():
        return None
    with writing():
        fault = Fault.objects.filter(provider=slug).order_by("pk").first()
        return _use(fault) if fault else None


def _use(fault: Fault) -> str:
    fault.left -= 1
    if fault.left > 0:
        fault.save()
    else:
        fault.delete()
    return fault.kind
