"""Migrations, the catalogue and, in an empty database, the demo data: one short process."""

import os
import time

from marketplace import memory
from marketplace.local import probe

SANDBOX_SECONDS = 30
# So that figures, standings and statements are not all zero on the first day.
PAST_TRADES = 120


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    import django

    django.setup()
    memory.settle()
    from django.apps import apps
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_catalogue")
    if not apps.get_model("listings", "Listing").objects.exists():
        # The demo trades need the sandbox's books to match.
        wait_for_sandbox(os.environ["SANDBOX_URL"])
        call_command("seed_demo", orders=PAST_TRADES)
    from marketplace import ledger_audit

    # The scheduler's first comes minutes later, and until then workers would call it late.
    if ledger_audit.is_overdue():
        ledger_audit.run()


def wait_for_sandbox(url: str) -> None:
    deadline = time.monotonic() + SANDBOX_SECONDS
    while probe.get(url, "/healthz")[0] != 200:
        if time.monotonic() > deadline:
            raise SystemExit(f"The sandbox at {url} does not answer; its own lines say why.")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
