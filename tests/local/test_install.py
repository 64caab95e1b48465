import re
import subprocess

import pytest

from marketplace.local.environment import ROOT

# However it is written: an address would send a machine past the index it is configured for.
REGISTRY = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|--(extra-)?index-url|--find-links")
INSTALLING = (
    "Makefile",
    ".ci/*",
    "requirements/*",
    "pyproject.toml",
    "marketplace/local/npm/*",
    "marketplace/local/*.py",
)


def test_without_a_python_new_enough_it_says_so() -> None:
    done = subprocess.run(
        ["make", "-f", ROOT / "Makefile", "-C", ROOT, "PYTHON=false", "-B", ".venv/.installed"],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "Surplus needs Python 3.11 or newer: install it, or name it with" in done.stderr


@pytest.mark.parametrize("pattern", INSTALLING)
def test_no_file_names_a_package_registry(pattern: str) -> None:
    found = [path for path in ROOT.glob(pattern) if path.is_file()]
    assert found != []
    assert [path for path in found if REGISTRY.search(path.read_text())] == []


def test_every_locked_package_has_a_hash() -> None:
    for lock in ROOT.glob("requirements/*.txt"):
        packages = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", lock.read_text(), re.M | re.S)
        assert packages != []
        assert [text for text in packages if "--hash=sha256:" not in text] == []
