"""Changes to a JSON file: of what it says, of how it says it, and of its bytes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .mutations import flip, leave_out, overwrite, truncate

Generator = np.random.Generator
Tree = Any
Place = tuple[Any, Any]
"""A container and the key or index in it."""


class Literal(str):
    """Text that stands in the file as it is: what no JSON writer would write."""

    __slots__ = ()


class Twice(dict[str, Any]):
    """An object that says its first name again at its end."""


_NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 255, 65_536, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**15, 10**299),
    *(0.5, -0.0, 1e-9, 1e-45, 1e-320, 0.1 + 2**-54, 1e6, 1e6 + 1, 1e9, 3.5e38, 1e300, -1e300, 1e-300),
    *map(
        Literal, ("1e400", "-1e400", "NaN", "Infinity", "-Infinity", "9" * 400, "9" * 5000, "1." + "0" * 9000)
    ),
    *map(Literal, ("01", "+1", "1.", ".5", "0x10", "1e", "--1", "1_000", "١")),
)
_TEXTS: tuple[Any, ...] = (
    *(
        "",
        " ",
        "0",
        "-",
        "on",
        "repaired",
        "wavemend.declick",
        "pedalboard.Gain",
        "Gain",
        "declick",
        "x" * 300,
    ),
    *(
        "x" * 100_000,
        "é",
        "日本語",
        "\U0001f3b5",
        "\x00",
        "a\x00b",
        "\x1b[31mred",
        "a\nb\r\nc",
        "\u2028",
        "\u202e",
        "\ufeff",
    ),
    *(
        "../../etc/passwd",
        "/etc/passwd",
        "/dev/zero",
        "file:///etc/passwd",
        "C:\\x",
        "~",
        "$(id)",
        "%s%n",
        "{0}",
    ),
    *(
        Literal('"\\ud800"'),
        Literal('"\\udfff\\ud800"'),
        Literal('"\\u0000"'),
        Literal('"\\x"'),
        Literal('"\t"'),
    ),
    *("3 dB", "5 Hz", "1,5", "1e3", "true", "null", "٣", "AAAA====", "//8=", "!" * 100, "A" * 99_999),
)
_OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], {"": None}, [1, "a"], {"a": {"b": {}}})
_NAMES = (
    *("", "plugin", "chain", "parameters", "findings", "substitute", "state", "bypass", "mix", "__class__"),
    *("self", "model", "output", "path", "run", "$schema", "é", "x" * 5000, "\x1b[2J", "position", "stage"),
)


def walk(tree: Tree) -> Iterator[Place]:
    """Yield every place of a tree of objects and lists."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        keys = one.keys() if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            yield one, key
            waiting.append(one[key])


def written(tree: Tree) -> str:
    """Write a tree as JSON, literals and doubled names as they are."""
    if isinstance(tree, Literal):
        return str(tree)
    if isinstance(tree, dict):
        pairs = [*tree.items(), *(list(tree.items())[:1] if isinstance(tree, Twice) else [])]
        return "{" + ", ".join(f"{json.dumps(name)}: {written(value)}" for name, value in pairs) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(written, tree)) + "]"
    return json.dumps(tree)


def _any(rng: Generator, choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]


def _odd(rng: Generator) -> Any:
    return copy.deepcopy(_any(rng, _any(rng, (_NUMBERS, _TEXTS, _OTHERS))))


def put_odd(rng: Generator, place: Place) -> None:
    """Put something odd there."""
    place[0][place[1]] = _odd(rng)


def put_kin(rng: Generator, place: Place) -> None:
    """Put something odd of the same kind there."""
    holder, key = place
    value = holder[key]
    if isinstance(value, bool | None | dict | list):
        holder[key] = copy.deepcopy(_any(rng, _OTHERS))
    else:
        holder[key] = _any(rng, _TEXTS if isinstance(value, str) else _NUMBERS)


def scale(rng: Generator, place: Place) -> None:
    """Make a number a little or a lot larger or smaller."""
    holder, key = place
    if isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
        holder[key] *= _any(rng, (-1, 2, 0.5, 1000, 1.000001, 1e-6))
    else:
        put_kin(rng, place)


def leave_away(rng: Generator, place: Place) -> None:
    """Leave it out."""
    del place[0][place[1]]


def rename(rng: Generator, place: Place) -> None:
    """Give it another name."""
    holder, key = place
    if isinstance(holder, dict):
        holder[_any(rng, _NAMES)] = holder.pop(key)
    else:
        put_odd(rng, place)


def add(rng: Generator, place: Place) -> None:
    """Put something odd beside it."""
    holder, key = place
    if isinstance(holder, dict):
        holder[_any(rng, _NAMES)] = _odd(rng)
    else:
        holder.insert(key, _odd(rng))


def double(rng: Generator, place: Place) -> None:
    """Say a name twice in one object."""
    holder, key = place
    if isinstance(holder[key], dict):
        holder[key] = Twice(holder[key])
    else:
        holder[key] = Twice({"a": holder[key]})


def repeat(rng: Generator, place: Place) -> None:
    """Say it many times: items of a list, or fields of other names."""
    holder, key = place
    count = int(_any(rng, (2, 40, 300, 5000)))
    if len(written(holder[key])) * count > _MOST_BYTES // 10:
        count = 2
    again = [copy.deepcopy(holder[key]) for _ in range(count)]  # so that a change of one is of no other
    if isinstance(holder, list):
        holder[key:key] = again
    else:
        holder.update({f"{key}{n}": value for n, value in enumerate(again)})


def nest(rng: Generator, place: Place) -> None:
    """Put it deep into lists, objects or chains."""
    holder, key = place
    kind = _any(rng, ("[", '{"a":', '{"chain":['))
    depth = int(_any(rng, (1, 3, 9, 70, 2000, 100_000)))
    end = {"[": "]", '{"a":': "}", '{"chain":[': "]}"}[kind]
    holder[key] = Literal(kind * depth + written(holder[key]) + end * depth)


def swap(rng: Generator, place: Place, other: Place) -> None:
    """Put it in the place of another."""
    other[0][other[1]] = copy.deepcopy(place[0][place[1]])


_ONE: tuple[Callable[[Generator, Place], None], ...] = (
    put_odd, put_odd, put_kin, put_kin, put_kin, scale, scale, leave_away, rename, add, double, repeat, nest,
)  # fmt: skip
_MOST_BYTES = 3 << 20


def _bom(rng: Generator, data: bytes) -> bytes:
    return b"\xef\xbb\xbf" * int(_any(rng, (1, 2))) + data


def encoded(rng: Generator, data: bytes) -> bytes:
    codec = _any(rng, ("utf-16", "utf-32", "utf-16-be", "cp037"))
    return data.decode("utf-8", "replace").encode(codec, "replace")


def _nul(rng: Generator, data: bytes) -> bytes:
    at = int(rng.integers(len(data) + 1))
    return data[:at] + b"\0" + data[at:]


def _quotes(rng: Generator, data: bytes) -> bytes:
    at = int(rng.integers(len(data) + 1))
    return (
        data[:at]
        + _any(rng, (b'"', b'\\"' * 50_000, b"'", b"\\", b"/*", b"\xff\xfe", b"\xed\xa0\x80"))
        + data[at:]
    )


def _blanks(rng: Generator, data: bytes) -> bytes:
    return data + _any(rng, (b" ", b"\n", b"\t", b"\x0b", b",", b"{}", b"\x1a")) * int(
        _any(rng, (1, 1_000_000))
    )


_BYTES = (_bom, encoded, _nul, _quotes, _blanks, flip, overwrite, truncate, leave_out)


def mutated_json(rng: Generator, tree: Tree) -> tuple[bytes, str]:
    """Change a tree and its bytes, one in ten not at all; return the file and what was done."""
    tree = copy.deepcopy(tree)
    done: list[str] = []
    for _ in range(int(rng.choice([0, 1, 1, 1, 1, 2, 2, 3, 5]))):
        places = list(walk(tree))
        if not places:
            break
        place = places[int(rng.integers(len(places)))]
        if rng.random() < 0.1:
            swap(rng, place, places[int(rng.integers(len(places)))])
            done.append("swap")
            continue
        change = _any(rng, _ONE)
        change(rng, place)
        done.append(f"{change.__name__} {place[1]!s:.30}")
    data = written(tree).encode("utf-8", "surrogatepass")
    if rng.random() < 0.2:
        change_bytes = _any(rng, _BYTES)
        data = change_bytes(rng, data)
        done.append(change_bytes.__name__)
    return data[: 2 * _MOST_BYTES], ", ".join(done) or "as it is"
