"""The sandbox as a real process over real HTTP, on the port that the settings point at."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketplace.local import environment, probe, processes

START_SECONDS = 30
# So many accounts of sellers are made ready at once: each by itself takes five calls.
STOCK = 40
_ready: dict[str, list[str]] = defaultdict(list)


@dataclass
class SandboxProcess:
    """`python -m sandbox` with the environment of this test process, state included."""

    url: str
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        env = os.environ | {"DJANGO_SETTINGS_MODULE": "sandbox.settings"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sandbox"],
                cwd=environment.ROOT,
                env=env,
                stdout=log,
                stderr=log,
                preexec_fn=processes.child_setup(signal.SIGTERM),
            )
        deadline = time.monotonic() + START_SECONDS
        while probe.get(self.url, "/healthz")[0] != 200:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"The sandbox does not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def forget(self) -> None:
        """Empty its books. Nobody listens for webhooks: each would be tried twenty times."""
        self.control("POST", "reset/")
        _ready[self.url].clear()
        self.control("POST", "webhooks/", {"mode": "drop"})

    def ready_account(self) -> str:
        """The id of an account that can be paid, and that nobody has yet."""
        if not _ready[self.url]:
            _ready[self.url] = self.control("POST", "accounts/", {"count": STOCK})["ids"]
        return _ready[self.url].pop()

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call `/_control/<path>`; return its JSON, None where the answer has no body."""
        request = urllib.request.Request(
            f"{self.url}/_control/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        try:
            # The empty handler: no proxy between us and 127.0.0.1.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from None
        return json.loads(text) if text else None
