"""The rules of the house that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import ForeignKey

HOUSE = Path(__file__).resolve().parents[2]
ROOMS = ("practices", "appointments", "prerequisites", "messaging", "escalation", "treffa")
LONGEST_MODULE = 400
OUTSIDE = ("treffa/sandbox/", "treffa/embedded/", "treffa/demo/")
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "timezone.now"}
# what measures how long something takes, not what time it is
STOPWATCHES = {"time.monotonic"}


def modules() -> list[Path]:
    found = [path for room in ROOMS for path in (HOUSE / room).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def name(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", modules(), ids=name)
def test_a_module_has_one_subject_and_all_its_imports_on_top(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_MODULE, "split it by subject"
    tree = ast.parse(text)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    inside = [node.lineno for node in imports if node not in tree.body]
    assert not inside, f"imports inside functions or conditions, lines {inside}"
    assert not [node for node in imports if ast.unparse(node).split()[1].split(".")[0] == "tests"]


@pytest.mark.parametrize("path", [p for p in modules() if not name(p).startswith(OUTSIDE)], ids=name)
def test_nobody_but_the_clock_asks_what_time_it_is(path: Path) -> None:
    if name(path) == "practices/clock.py":
        return
    asked = sorted(set(calls(ast.parse(path.read_text()))) & CLOCKS)
    assert not asked, f"{asked}: take `now` as a parameter"


@pytest.mark.parametrize("room", ROOMS[:-1])
def test_keys_point_only_at_rows_of_the_same_or_an_earlier_room(room: str) -> None:
    order = {label: place for place, label in enumerate(ROOMS)}
    for model in apps.get_app_config(room).get_models():
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey):
                target = field.related_model._meta.app_label
                assert order.get(target, 0) <= order[room], (
                    f"{model.__name__}.{field.name} points at {target}"
                )


def test_links_in_the_documents_lead_somewhere() -> None:
    documents = [HOUSE / "README.md", *(HOUSE / "docs").rglob("*.md")]
    for document in documents:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_functions_can_be_taken_in_at_a_glance() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    short = sum(length <= 30 for length in lengths)
    assert short / len(lengths) >= 0.95
