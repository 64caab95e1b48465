"""Files and functions small enough to read, and no module that takes everything."""

import re
from pathlib import Path

from marketplace.local.environment import ROOT
from tests.architecture.source import Module, files, modules

LONGEST_FILE, LONGEST_FUNCTION = 400, 50
NAMELESS = ("utils", "helpers", "services", "managers")


def long_functions(module: Module) -> list[str]:
    return [
        f"{module.name}.{function.name} has {length} lines"
        for function in module.functions()
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    ]


def nameless(path: Path) -> bool:
    """A name that says what kind of thing it holds, and so never what."""
    return any(
        re.fullmatch(rf"_?({'|'.join(NAMELESS)})", part) for part in path.with_suffix("").parts
    )


def skips(text: str) -> bool:
    return bool(re.search(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b", text))


def test_no_file_is_longer_than_400_lines() -> None:
    counts = {
        path: len(path.read_text().splitlines()) for path in files(".py", ".html", ".css", ".js")
    }
    assert {str(path): lines for path, lines in counts.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    assert [found for module in modules() for found in long_functions(module)] == []


def test_every_module_is_named_after_what_it_holds() -> None:
    assert [path for path in files(".py") if nameless(path.relative_to(ROOT))] == []


def test_no_test_is_skipped() -> None:
    tests = [path for path in files(".py") if path.name.startswith("test_")]
    assert [path for path in tests if path != Path(__file__) and skips(path.read_text())] == []


def test_the_rules_see_what_they_forbid_and_nothing_else() -> None:
    body = "    x = 1\n"
    assert long_functions(Module.parse("m", f"def f():\n{body * 49}")) == []
    assert long_functions(Module.parse("m", f"class C:\n  def f():\n{body * 50}")) != []
    assert nameless(Path("orders/utils.py"))
    assert nameless(Path("orders/services/refund.py"))
    assert not nameless(Path("orders/completion.py"))
    assert skips("@pytest.mark.skipif(True)")
    assert skips("pytest.importorskip('x')")
    assert not skips("# the seller skips a step")
