"""Child processes that never outlive the one that started them."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 4
_PR_CAP_AMBIENT = 47
_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

_LINUX = sys.platform == "linux"
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sig: int = signal.SIGTERM) -> None:
    """Ask the kernel for `sig` when the parent dies, even by kill -9 (Linux only).

    The kernel means the parent's *thread*: children are started from the main thread.
    """
    if _LINUX:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(sig))


def child_setup(sig: int, *, user: pwd.struct_passwd | None = None) -> Callable[[], None]:
    """A `preexec_fn`: die with the parent, and become `user` where one is given."""
    parent = os.getpid()

    def setup() -> None:
        # A shell's background job inherits SIGINT ignored, and would pass that on.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if user is not None:
            become(user)
        die_with_parent(sig)
        if os.getppid() != parent:
            os._exit(1)

    return setup


def become(user: pwd.struct_passwd) -> None:
    """Give up root for `user`, but keep the right to pass directories closed to others.

    A checkout below a 0700 home can be run by root that way, without opening the home.
    """
    # Without this bit, access(2), with which PostgreSQL looks for its programs, ignores the right.
    keep = _LINUX and _LIBC.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    if keep:
        _keep_dac_override()


def _keep_dac_override() -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    bit = 1 << _CAP_DAC_OVERRIDE
    # effective, permitted, inheritable, twice: for capabilities 0-31 and 32-63
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if _LIBC.capset(header, data) == 0:
        _LIBC.prctl(_PR_CAP_AMBIENT, _CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def command_line(pid: int) -> str:
    """What process `pid` was started with; empty when it is gone or only a zombie."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline")
            .read_bytes()
            .replace(b"\0", b" ")
            .decode("utf-8", "replace")
        )
    except OSError:
        return ""


def alive(pid: int) -> bool:
    """True while `pid` is a living process, not a zombie that nobody has collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return not Path("/proc/self").exists() or bool(command_line(pid))


def marked(marker: str) -> list[int]:
    """Processes whose environment holds `marker` ("NAME=value"), this one excepted (Linux only)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if marker.encode() in variables and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found
