"""Mutated presets give one clear line or work; thousands by ``make fuzz KIND=presets``."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from .json_mutations import Literal, Twice, encoded, mutated_json, walk, written
from .presets import Presets, preset_tree

_PARTS = 10
_CASES = 15  # of each part


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_strangers_preset_works_or_is_refused(
    faults_of: Callable[[str, int, range], list[str]], part: int
) -> None:
    assert faults_of(Presets.name, 12, range(part * _CASES, (part + 1) * _CASES)) == []


def test_what_is_not_mutated_is_json() -> None:
    for index in range(20):
        rng = np.random.default_rng(index)
        tree, _ = preset_tree(rng)
        assert json.loads(written(tree))["format"] == "wavemend-preset"


def test_literals_and_doubled_names_stand_as_they_are() -> None:
    tree = {"a": Twice({"b": 1, "c": [Literal("1e400")]})}
    assert written(tree) == '{"a": {"b": 1, "c": [1e400], "b": 1}}'
    assert [key for _, key in walk(tree)] == ["a", "b", "c", 0]


def test_texts_of_every_script_can_be_mutated() -> None:
    text = "\u0661 \u65e5 \U0001f50a".encode()
    for index in range(20):
        assert encoded(np.random.default_rng(index), text) != text


def test_mutations_leave_the_tree_as_it_was() -> None:
    tree = {"chain": [{"plugin": "x", "parameters": {"a": 1.0, "b": "on"}}], "name": ""}
    before = json.dumps(tree)
    made = {mutated_json(np.random.default_rng(seed), tree)[0] for seed in range(200)}
    assert json.dumps(tree) == before and len(made) > 100
