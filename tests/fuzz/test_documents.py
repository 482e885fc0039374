"""Mutated documents and label tracks are obeyed or refused; thousands by ``make fuzz KIND=documents``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .documents import Documents

_PARTS = 10
_CASES = 15  # of each part


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_strangers_document_is_obeyed_or_refused(
    faults_of: Callable[[str, int, range], list[str]], part: int
) -> None:
    assert faults_of(Documents.name, 12, range(part * _CASES, (part + 1) * _CASES)) == []
