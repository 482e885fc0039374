"""What kernels are compiled for has a name, and features that are told once each."""

from __future__ import annotations

import numba
import pytest
from wavemend.kernels.compilation.processor import processor, processor_features


def test_the_processor_has_a_name_and_features() -> None:
    features = processor_features().split()
    assert processor()
    assert features == sorted(set(features))
    assert not any(one.startswith(("+", "-")) for one in features)


def test_what_numba_was_told_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CPU_NAME", "generic")
    monkeypatch.setattr(numba.config, "CPU_FEATURES", "+sse2,-avx,+cx8")
    assert (processor(), processor_features()) == ("generic", "cx8 sse2")
