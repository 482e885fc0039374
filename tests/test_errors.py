"""One family of errors with one home, all of it on the package's surface."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterator
from pathlib import Path

import wavemend
from wavemend import errors

SRC = Path(__file__).parents[1] / "src"
FAMILY = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and kind.__module__ == errors.__name__
}
KINDS = {
    name for name, kind in vars(builtins).items() if inspect.isclass(kind) and issubclass(kind, BaseException)
}


def raised_kinds() -> Iterator[tuple[str, ast.ClassDef]]:
    """Give every class in the package that derives from an exception, and its file."""
    known, found = {*KINDS, *FAMILY}, []
    trees = {
        path.relative_to(SRC).as_posix(): ast.parse(path.read_text("utf-8")) for path in SRC.rglob("*.py")
    }
    classes = [
        (file, node)
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    while new := [
        (file, node)
        for file, node in classes
        if node.name not in known and {ast.unparse(base).rpartition(".")[2] for base in node.bases} & known
    ]:
        known |= {node.name for _, node in new}
        found += new
    yield from found


def test_every_kind_of_error_has_one_home() -> None:
    elsewhere = {
        (file, node.name)
        for file, node in raised_kinds()
        if not (node.name.startswith("_") and "never leaves" in (ast.get_docstring(node) or ""))
    }
    assert not elsewhere, "define it in errors.py; what never leaves its module is private, and says so"


def test_every_kind_of_error_is_on_the_surface_and_in_the_family() -> None:
    assert set(FAMILY) <= set(wavemend.__all__)
    assert all(getattr(wavemend, name) is kind for name, kind in FAMILY.items())
    assert all(issubclass(kind, errors.WavemendError) for kind in FAMILY.values())


def test_every_kind_of_error_is_also_what_python_users_expect() -> None:
    own = [kind for kind in FAMILY.values() if kind is not errors.WavemendError]
    plain = {
        kind.__name__
        for kind in own
        if not any(base.__name__ in KINDS - {"Exception", "BaseException", "object"} for base in kind.__mro__)
    }
    assert not plain
