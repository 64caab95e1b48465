"""What beat triggers. No arguments: the database says what is due."""

from celery import shared_task

from marketplace import sweeps


@shared_task
def sweep() -> None:
    sweeps.sweep()


@shared_task
def measure() -> None:
    sweeps.measure()


@shared_task
def count() -> None:
    sweeps.count()


@shared_task
def poll() -> None:
    sweeps.poll()


@shared_task
def audit() -> None:
    sweeps.audit()


# Reads the processor's books page by page, which takes as long as they are.
@shared_task(soft_time_limit=3600, time_limit=3660)
def reconcile() -> None:
    sweeps.reconcile()
