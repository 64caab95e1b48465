"""Case 59: while a release goes out, processes of the last one write to the tables of the next.

Keys of postings and calls are the same in every version (`tests/money`), and both take work by the
same conditional updates. What is left is the tables: whatever a migration does to one that is there
already must leave what the last version reads and writes valid.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.local.environment import ROOT

# The first release has what these make; until then no two versions run on one database.
FIRST_RELEASE = {"accounts": 1, "payments": 1, "providers": 1, "listings": 1, "orders": 1}
LEAVING_OUT = {"null", "db_default"}
WRITTEN_ELSEWHERE = ("GeneratedField", "ManyToManyField")
# What the last version reads is taken away a release later, by a migration that is named so.
TAKES_AWAY, NAMED = {"RemoveField", "DeleteModel"}, "_gone"


def breaks(name: str, text: str) -> Iterator[str]:
    """What in a migration would break a process that does not know of it."""
    tree = ast.parse(text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = {_given(call).get("name") for call in calls if _kind(call) == "CreateModel"}
    for call in calls:
        kind, given = _kind(call), _given(call)
        if kind in ("RenameField", "RenameModel"):
            yield f"{name}: {kind}"
        elif kind in TAKES_AWAY and NAMED not in name:
            yield f"{name}: {kind}, and is not called …{NAMED}"
        elif kind == "AddField" and given.get("model_name") not in {
            str(one).lower() for one in made
        }:
            field = next(word.value for word in call.keywords if word.arg == "field")
            assert isinstance(field, ast.Call)
            known = {word.arg for word in field.keywords}
            if not known & LEAVING_OUT and _kind(field) not in WRITTEN_ELSEWHERE:
                yield f"{name}: {given.get('name')} has neither null nor db_default"


def _kind(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _given(call: ast.Call) -> dict[str | None, object]:
    return {
        word.arg: word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)
    }


def since_the_first_release() -> Iterator[Path]:
    for app, number in FIRST_RELEASE.items():
        for file in sorted((ROOT / app / "migrations").glob("0*.py")):
            if int(file.name[:4]) > number:
                yield file


def test_no_migration_breaks_the_version_before_it() -> None:
    found = [
        line for file in since_the_first_release() for line in breaks(file.stem, file.read_text())
    ]
    assert found == []


ADD = "migrations.AddField(model_name='escrow', name='x', field=models.{})"


@pytest.mark.parametrize(
    ("operation", "count"),
    [
        (ADD.format("IntegerField(default=0)"), 1),
        (ADD.format("IntegerField()"), 1),
        (ADD.format("IntegerField(db_default=0)"), 0),
        (ADD.format("IntegerField(null=True)"), 0),
        ("[migrations.CreateModel(name='Escrow'), " + ADD.format("IntegerField()") + "]", 0),
        ("migrations.RenameField(model_name='escrow', old_name='a', new_name='b')", 1),
        ("migrations.RemoveField(model_name='escrow', name='x')", 1),
    ],
)
def test_the_rule_sees_what_breaks(operation: str, count: int) -> None:
    assert len(list(breaks("0099_x", operation))) == count
    if operation.startswith("migrations.Remove"):
        assert list(breaks("0099_x_gone", operation)) == []
