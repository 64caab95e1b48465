"""The drill of docs/operations.md: the database is lost, and comes back from backup and log.

It knows everything up to a moment, and the processor has moved on since. Nothing is paid twice.
"""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from marketplace.local import environment
from marketplace.local.postgres import Postgres
from tests.journeys.program import Json, Program, offer, settled, wait_for_money
from tests.journeys.stack import Stack, wait_until

PAY_OUT = """
from accounts.models import Person
from payments import payouts
print(payouts.request_payout(Person.objects.get(email="seller@example.com")).amount_cents)
"""
DECIDE = """
from accounts.models import Person
from payments import reconciliation
from payments.models import Difference
for row in Difference.objects.filter(decided_at=None):
    reconciliation.decide(row, actor=Person.objects.get(email="moderator@example.com"),
                          reason="Moved after the backup; taken over when it comes up again.")
"""


class Backup:
    """A base backup, and the log of all that was committed since, up to the moment of `ends`."""

    def __init__(self, stack: Stack, place: Path) -> None:
        self.server = Postgres(stack.home)
        self.base, self.log = place / "base", place / "log"
        self.log.mkdir()
        self.at = ["-h", str(environment.socket_dir(stack.home)), "-U", "surplus"]

    def take(self) -> None:
        command = [f"{self.server.bin}/pg_basebackup", *self.at, "-D", str(self.base)]
        subprocess.run(
            [*command, "--wal-method=none", "--checkpoint=fast", "--no-manifest"], check=True
        )

    @contextmanager
    def log_kept(self) -> Iterator[None]:
        """As an archive keeps it, a moment behind at most."""
        command = [f"{self.server.bin}/pg_receivewal", *self.at, "-D", str(self.log)]
        receiving = subprocess.Popen([*command, "--synchronous"])
        try:
            wait_until(lambda: list(self.log.iterdir()), what="the log arrives")
            yield
        finally:
            receiving.send_signal(signal.SIGINT)
            receiving.wait(20)

    def restore(self) -> None:
        """In the place of the lost database, with the log played over the base."""
        for last in self.log.glob("*.partial"):
            last.rename(last.with_suffix(""))
        owner = self.server.data.stat()
        shutil.rmtree(self.server.data)
        shutil.copytree(self.base, self.server.data)
        (self.server.data / "recovery.signal").touch()
        with (self.server.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"restore_command = 'cp {self.log}/%f %p'\n")
        for path in (self.server.data, *self.server.data.rglob("*")):
            shutil.chown(path, owner.st_uid, owner.st_gid)
        self.server.data.chmod(0o700)


@pytest.fixture
def readable(tmp_path: Path) -> Path:
    """A place that the server's own user may read, too."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path


def bought(buyer: Program, seller: Program, listing: Json) -> Json:
    order = buyer.buy_and_pay(listing, 2000)
    return seller.step(order, "transfer", {"note": "Sent"})


def paid_out(stack: Stack) -> int:
    """Cents that the processor has paid out to sellers' banks, in all."""
    cents: int = stack.sandbox.control("GET", "money/")["paid_out_cents"]
    return cents


def under_way(stack: Stack) -> int:
    """Transfers and payouts that are decided and have not been made."""
    with psycopg.connect(environment.database_url(stack.home)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM payments_instruction"
            " WHERE kind IN ('transfer', 'payout') AND status IN ('ready', 'sent')"
        ).fetchone() or (0,)
    return int(count)


def test_nothing_is_paid_twice(
    stack: Stack, buyer: Program, seller: Program, readable: Path
) -> None:
    listing, backup = offer(stack, "Startup credit for GPU rental"), Backup(stack, readable)
    # What earlier trades moved is written down, or it would be missing from the backup as well.
    wait_until(lambda: under_way(stack) == 0, what="earlier transfers are recorded")
    with backup.log_kept():
        backup.take()
        order = bought(buyer, seller, listing)

    # What the database will have forgotten: a release, a payout, and a trade from its beginning.
    buyer.step(order, "confirmation")
    wait_for_money(stack, order, settled(order))
    lost = buyer.buy_and_pay(listing, 2000)
    before = paid_out(stack)
    asked = int(stack.manage("shell", "--no-imports", "-c", PAY_OUT).stdout)
    wait_until(lambda: paid_out(stack) == before + asked, what="the payout is made")

    stack.stop()
    backup.restore()
    stack.manage("restored")
    stack.start()
    assert buyer.order(order)["status"] in ("transferred", "completed")
    assert buyer.call("GET", f"orders/{lost['id']}/").status_code == 404
    compared = stack.manage("reconcile", check=False)
    assert compared.returncode == 1
    assert compared.stdout.count("DIFFERENCE extra: tr_") == 1, compared.stdout
    assert compared.stdout.count("DIFFERENCE extra: ch_") == 1, compared.stdout
    assert compared.stdout.count("DIFFERENCE extra: po_") == 1, compared.stdout
    stack.manage("shell", "--no-imports", "-c", DECIDE)

    if buyer.order(order)["status"] == "transferred":
        buyer.step(order, "confirmation")
    buyer.until(order, "completed")
    wait_until(lambda: under_way(stack) == 0, what="the transfer is taken over")
    stack.manage("shell", "--no-imports", "-c", PAY_OUT)
    wait_until(lambda: under_way(stack) == 0, what="the payout is taken over")
    wait_for_money(stack, order, settled(order))
    assert paid_out(stack) == before + asked
    # Theirs and ours agree again, but for the payment of the trade that nobody here knows of.
    compared = stack.manage("reconcile")
    assert not {"tr_", "po_"} & set(re.findall(r"DIFFERENCE.*: (\w+_)", compared.stdout))
