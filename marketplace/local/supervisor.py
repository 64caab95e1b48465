"""`make run`: start everything, keep it running, and leave nothing behind.

One thread does it all. That is simple, and it matters: a child dies with the *thread* that
started it (see `processes.die_with_parent`).
"""

import os
import selectors
import signal
import time
from collections.abc import Callable
from pathlib import Path

from marketplace.local import checks, embedded, environment, parts, probe, processes
from marketplace.local.console import Console
from marketplace.local.parts import Part
from marketplace.local.servers import Server

STOP_SECONDS = 10
READY_SECONDS = 300
SETUP_SECONDS = 900
MOST_FAILURES = 6
_TICK_SECONDS = 0.2


class Stop(Exception):
    """A signal asked for the end."""


class Failed(Exception):
    """A part cannot be brought up; the message says which."""


class Supervisor:
    """Runs the parts of one data directory."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.console = Console(home / "log")
        self.marker = f"SURPLUS_RUN={home}"
        self.servers: list[Server] = []
        self.parts: list[Part] = []
        self._selector = selectors.DefaultSelector()
        self._tails: dict[str, bytes] = {}
        self._restarts: dict[str, float] = {}
        self._stopping = False

    def run(self, *, ports: dict[str, int]) -> int:
        """Run until a signal comes (0) or a part fails for good (1)."""
        begun = time.monotonic()
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if sig != signal.SIGHUP or signal.getsignal(sig) != signal.SIG_IGN:  # nohup
                signal.signal(sig, self._ask_to_stop)
        try:
            self._bring_up(port=ports["PORT"])
            self.console.box(welcome(seconds=time.monotonic() - begun))
            while True:
                self._turn()
        except Stop:
            self.console.line("surplus", "stopping")
            return 0
        except (Failed, SystemExit) as error:
            self.console.line("surplus", f"{error} Stopping.")
            return 1
        finally:
            self._stop()

    # Starting

    def _bring_up(self, *, port: int) -> None:
        self.console.line("surplus", f"starting; data and logs are in {self.home}")
        for server in embedded.servers(self.home):
            self.servers.append(server)
            self._start_server(server)
        self._start(parts.sandbox())
        self._set_up()
        self._start(parts.web(port=port))
        self._wait_until_ready()
        # Not before: each loads all of Django, and the site is what people wait for.
        for part in parts.background():
            self._start(part)

    def _start_server(self, server: Server) -> None:
        server.start()
        self.console.line("surplus", f"{server.name} runs" + ("" if server.process else " already"))

    def _start(self, part: Part) -> None:
        if part not in self.parts:
            self.parts.append(part)
        name, _, value = self.marker.partition("=")
        part.start(os.environ | {name: value, "PYTHONUNBUFFERED": "1"})
        assert part.process is not None and part.process.stdout is not None
        self._selector.register(part.process.stdout, selectors.EVENT_READ, part)

    def _set_up(self) -> None:
        """Migrations and data, while the sandbox starts beside it."""
        part = parts.setup()
        self._start(part)
        self.parts.remove(part)
        assert part.process is not None
        try:
            self._wait(lambda: part.ended(), seconds=SETUP_SECONDS, doing="preparing the database")
            self._drain(part)
        finally:
            part.signal(signal.SIGKILL)
        if part.process.returncode != 0:
            raise Failed("The database could not be prepared; the lines above say why.")

    def _wait_until_ready(self) -> None:
        url = os.environ["BASE_URL"]
        said = ""

        def ready() -> bool:
            nonlocal said
            status, said = probe.get(url, "/readyz")
            return status == 200

        try:
            self._wait(ready, seconds=READY_SECONDS, doing="waiting for the site")
        except Failed as error:
            raise Failed(f"{error} {url}/readyz says: {said[:500] or 'nothing'}.") from None

    def _wait(self, condition: Callable[[], bool], *, seconds: float, doing: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise Failed(f"Gave up {doing} after {seconds:.0f} s.")
            self._turn()

    # Running

    def _ask_to_stop(self, *_: object) -> None:
        self._stopping = True

    def _turn(self) -> None:
        """One turn of the loop: pass lines on, look after the dead, notice a wish to stop."""
        self._pass_lines_on(_TICK_SECONDS)
        if self._stopping:
            raise Stop
        for server in self.servers:
            if not server.running():
                self.console.line("surplus", f"{server.name} has stopped; starting it again")
                self._start_server(server)
        for part in self.parts:
            self._look_after(part)

    def _look_after(self, part: Part) -> None:
        if part.name in self._restarts:
            if time.monotonic() >= self._restarts[part.name]:
                del self._restarts[part.name]
                self._start(part)
            return
        if not part.ended():
            return
        assert part.process is not None
        self._drain(part)
        part.signal(signal.SIGKILL)  # its children, if it was killed without them
        how = parts.how_it_ended(part.process.returncode)
        delay = part.count_failure()
        if part.failures > MOST_FAILURES:
            raise Failed(f"{part.name} {how} {part.failures} times in a row.")
        self.console.line("surplus", f"{part.name} {how}; starting it again in {delay:.1f} s")
        self._restarts[part.name] = time.monotonic() + delay

    def _pass_lines_on(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            self._read(key.data)

    def _read(self, part: Part) -> bool:
        """Pass on what `part` has written; False when there is nothing (more)."""
        assert part.process is not None and part.process.stdout is not None
        pipe = part.process.stdout
        try:
            chunk = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return False
        *lines, rest = (self._tails.pop(part.name, b"") + chunk).split(b"\n")
        for line in lines:
            self.console.line(part.name, line.decode("utf-8", "replace").rstrip())
        if chunk:
            self._tails[part.name] = rest
            return True
        if rest:
            self.console.line(part.name, rest.decode("utf-8", "replace").rstrip())
        self._selector.unregister(pipe)
        pipe.close()
        return False

    def _drain(self, part: Part) -> None:
        """Read the rest of a part that has ended, though a child of it may hold the pipe."""
        assert part.process is not None and part.process.stdout is not None
        pipe = part.process.stdout
        while not pipe.closed and self._read(part):
            pass
        if not pipe.closed:
            self._selector.unregister(pipe)
            pipe.close()

    # Stopping

    def _stop(self) -> None:
        """Web, worker and scheduler first, then the sandbox they talk to, then the servers."""
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)
        first = [part for part in self.parts if part.name != "sandbox"]
        for group in (first, [part for part in self.parts if part.name == "sandbox"]):
            self._stop_group(group)
        checks.end_leftovers(self.marker)
        for server in reversed(self.servers):
            server.stop()
        self.console.line("surplus", "stopped; nothing is left running")
        self.console.close()
        self._selector.close()

    def _stop_group(self, group: list[Part]) -> None:
        for part in group:
            part.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while not all(part.ended() or part.process is None for part in group):
            if time.monotonic() > deadline:
                break
            self._pass_lines_on(0.05)
        for part in group:
            part.signal(signal.SIGKILL)
            if part.process is not None:
                part.process.wait()


def welcome(*, seconds: float) -> list[str]:
    """What the closing box says: where things are, and who can sign in."""
    site, sandbox = os.environ["BASE_URL"], os.environ["SANDBOX_URL"]
    demo_secret = os.environ.get("DEMO_TOTP_SECRET") or environment.DEMO_TOTP_SECRET
    return [
        f"Surplus is running (ready after {seconds:.1f} s)",
        "",
        f"Site         {site}/",
        f"API          {site}/api/v1/docs/",
        f"Console      {site}/console/",
        f"Outbox       {site}/dev/outbox/",
        f"Sandbox      {sandbox}/_control/",
        "",
        "Buyers       buyer@example.com, buyer2@example.com",
        "Sellers      seller@example.com, seller2@example.com",
        "Moderators   moderator@example.com, moderator2@example.com",
        "Lead         lead@example.com",
        "Finance      finance@example.com",
        "Admin        admin@example.com",
        f"Password     {os.environ.get('DEMO_PASSWORD') or 'surplus-demo'} (for all of them)",
        f"Second factor of the last five: TOTP secret {demo_secret}",
        f"             its code right now is at {site}/dev/code/",
        "Card         4242 4242 4242 4242, any later date, any three digits",
        "",
        "Ctrl-C stops everything.",
    ]


def main() -> int:
    """Check what can be checked, then run."""
    environment.read_env_file()
    home = environment.data_dir()
    checks.writable(home)
    checks.enough_disk(home)
    environment.apply()
    ports = {name: checks.port_number(name) for name in ("PORT", "SANDBOX_PORT")}
    lock = checks.only_one(home)
    supervisor = Supervisor(home)
    checks.end_leftovers(supervisor.marker)
    checks.ports_free(ports)
    if "MAKELEVEL" in os.environ:
        # make passes on Ctrl-C and TERM, but cannot pass on its own death.
        processes.die_with_parent(signal.SIGTERM)
    os.chdir(environment.ROOT)
    try:
        return supervisor.run(ports=ports)
    finally:
        lock.close()
