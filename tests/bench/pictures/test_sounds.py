"""Sound examples: all parts are written at one level, and the page plays each and names its licence."""

from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from bench.material.takes import Take

from bench.pictures import sounds

RATE = 44_100


class Halving:
    def process(self, audio, rate):
        return audio / 2


@pytest.fixture
def example(monkeypatch):
    takes = [
        Take(f"{name}/tango@5s", np.full((2, RATE // 10), 0.5), RATE) for name in ("festvox-ru", "dance-band")
    ]
    monkeypatch.setattr(sounds, "takes", lambda split, kind, count: takes)

    def make(take):
        return SimpleNamespace(clean=take.audio, audio=take.audio + 1.0)

    return sounds.Example("hiss", "Hiss & all", "music", "dance-band", make, Halving())


def test_parts_and_the_page_that_plays_them(example, tmp_path):
    assert sounds.main([str(tmp_path)], [example]) == 0
    peaks = {part: soundfile.read(tmp_path / f"hiss-{part}.flac")[0].max() for part in sounds.PARTS}
    assert peaks == pytest.approx({"clean": 0.3, "before": 0.9, "after": 0.45, "removed": 0.45}, abs=1e-3)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert all(f'src="hiss-{part}.flac"' in page for part in sounds.PARTS)
    assert "Hiss &amp; all" in page
    assert "FluidR3" in page


def test_licences_are_those_of_the_packages():
    assert sounds.licence_of("festvox-ru/ru_0001@5s") == "BSD-like"
