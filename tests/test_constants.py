"""Every constant says where it comes from, in the form of CONTRIBUTING.md.

``python tests/test_constants.py src/kernels`` lists those of a folder that do not.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAYS = re.compile(r"\b(source|derived|tuned|guard):")
NAME = re.compile(r"_{0,2}[A-Z][A-Z0-9_]*")
# Whose arguments may be names as well as numbers: what they make is no number.
NUMERIC = re.compile(
    r"(np|numpy|math|cmath|scipy)\.|(float|int|complex|tuple|dict|frozenset|set|list|max|min|sum)$"
)


def holds_number(value: ast.expr) -> bool:
    """Tell whether a constant is made of numbers; keys, indices and what objects are made with are names."""
    match value:
        case ast.Constant():
            return isinstance(value.value, int | float | complex) and not isinstance(value.value, bool)
        case ast.BinOp(left=ast.Constant(value=str())):
            return False
        case ast.Dict():
            return any(holds_number(item) for item in value.values)
        case ast.Lambda():
            return False
        case ast.Subscript():
            return holds_number(value.value)
        case ast.Call(func=ast.Attribute(value=owner)) if holds_number(owner):
            return True
        case ast.Call():
            made = [*value.args, *(word.value for word in value.keywords)]
            return bool(NUMERIC.match(ast.unparse(value.func))) and any(holds_number(part) for part in made)
        case _:
            return any(
                holds_number(part) for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr)
            )


def is_formula(value: ast.expr) -> bool:
    """Tell whether a value is other constants and whole numbers alone: it says itself how it is derived."""
    parts = list(ast.walk(value))
    numbers = [part.value for part in parts if isinstance(part, ast.Constant)]
    names = [part.id for part in parts if isinstance(part, ast.Name) if NAME.fullmatch(part.id)]
    whole = all(isinstance(number, int | float) and number == int(number) for number in numbers)
    return bool(names) and whole


def constants(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, ast.expr]]:
    """Give each number bound at the top of a module; `A, B = range(2)` numbers names."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=targets, value=ast.expr() as value):
                pass
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                targets = [target]
            case _:
                continue
        names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        enumerated = len(names) > 1 and ast.unparse(value).startswith("range(")
        if all(map(NAME.fullmatch, names)) and holds_number(value) and not enumerated:
            yield ", ".join(names), node, value


def bare(source: str) -> list[tuple[int, str]]:
    """Return line and name of the constants of a module that do not say what they are."""
    lines = source.splitlines()
    comments = {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    tree = ast.parse(source)
    beneath = {
        before: after.value.value
        for before, after in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    }
    found = []
    for name, node, value in constants(tree):
        own = " ".join(comments.get(line, "") for line in range(node.lineno, (node.end_lineno or 0) + 1))
        above, line = [], node.lineno - 1
        while line and lines[line - 1].strip():
            if lines[line - 1].startswith("#"):
                above.append(comments.get(line, ""))
            line -= 1
        said = " ".join([own, str(beneath.get(node, "")), *reversed(above)])
        if not SAYS.search(said) and not is_formula(value):
            found.append((node.lineno, name))
    return found


def all_bare() -> dict[str, list[str]]:
    """Return the bare constants of the repository by file."""
    files = sorted(path for top in ("src", "bench", "models") for path in (ROOT / top).rglob("*.py"))
    return {
        str(path.relative_to(ROOT)): [f"{line}: {name}" for line, name in found]
        for path in files
        if (found := bare(path.read_text(encoding="utf-8")))
    }


def test_each_number_says_where_it_comes_from() -> None:
    assert not all_bare()


@pytest.mark.parametrize(
    "module",
    [
        "A = 0.3  # of a second; tuned: bench/tables/hum.py, dev, 2026-11-28",
        "# source: ISO 11172-3, table B.9\nA = [0.1, 0.2]\nB = 3",
        "# derived: half of what a window holds,\n# rounded up\nA = (\n    3,\n)",
        'A = 1e-30\n"""Least power; guard: no division by zero."""',
        "A: Final = 1e-30  # guard: no division by zero",
        "A = 2 * B + C // 2",
        "A, B = range(2)",
        'A = "words" * 2\nB = re.compile("x{3}", 2)\nC = {3: "three"}\nD = Literal[1, 2]\nE = True',
        "lower = 3",
    ],
)
def test_what_says_where_it_comes_from(module: str) -> None:
    assert not bare(module)


@pytest.mark.parametrize(
    "module",
    [
        "A = 3",
        "_A, _B = 1.0, 2.0  # of what is new",
        "A = 0.3 * B",
        "A = 2.0 ** (np.arange(-8, 9) / 32)",
        'A = {"fast": 1}',
        "# guard: no division by zero\nB = 1e-30\n\nA = 3",
        'A = 3\nB = 4\n"""guard: of another one."""',
        'A = ("guard:", 3)',
    ],
)
def test_what_does_not(module: str) -> None:
    assert [name.strip("_")[0] for _, name in bare(module)] == ["A"]


if __name__ == "__main__":
    for file, found in all_bare().items():
        if file.startswith(tuple(sys.argv[1:]) or ""):
            print(*(f"{file}:{constant}" for constant in found), sep="\n")
    totals = Counter("/".join(file.split("/")[:-1]) for file, found in all_bare().items() for _ in found)
    print(*(f"{count:4} {folder}" for folder, count in sorted(totals.items())), sep="\n")
