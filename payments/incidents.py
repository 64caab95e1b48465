"""What a person must look at, and the brake: nothing is paid out while the books do not add up."""

from django.db.models.functions import Now

from payments.models import Difference, Escrow, Freeze, Incident, LedgerAudit, Restore


def report(
    *,
    key: str,
    kind: str,
    text: str,
    escrow: Escrow | None = None,
    about_cents: int | None = None,
) -> None:
    """Raise an incident, once per key; `about_cents` of the price, where it is about a part."""
    raised = Incident(key=key, kind=kind, text=text, escrow=escrow, about_cents=about_cents)
    Incident.objects.bulk_create([raised], ignore_conflicts=True)


def payouts_frozen() -> bool:
    """Whether the newest audit found a violation, ledger and processor differ undecidedly, a
    person has frozen them, or nobody has compared them since the database was restored.
    """
    newest = LedgerAudit.objects.values_list("is_clean", flat=True).first()
    if newest is False or Difference.objects.filter(decided_at=None).exists():
        return True
    not_compared = Restore.objects.filter(compared_at=None)
    return Freeze.objects.filter(ended_at=None).exists() or not_compared.exists()


def close(key: str) -> None:
    """What was reported under this key is done with."""
    Incident.objects.filter(key=key, closed_at=None).update(closed_at=Now())
