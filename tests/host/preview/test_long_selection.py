"""A selection that is too long to be rendered as one: all of it is looped, and the page says how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
from wavemend import Chain, save_preset
from wavemend.host.presets.preset import Preset

from .browser import captured, page_of, preview, until
from .worn import worn, write_worn

pytestmark = [pytest.mark.whole, pytest.mark.web]

RATE = 8000
LOOP = (2 * RATE, 72 * RATE)


def test_it_is_looped_to_its_end_and_rendered_as_it_plays(browser: Any, tmp_path: Path) -> None:
    audio = worn(75.0, RATE).astype(np.float32).astype(np.float64)
    source = write_worn(tmp_path / "side.wav", audio, RATE)
    save_preset(Preset("Half", "", Chain([pedalboard.Gain(-6.0)])), tmp_path / "half.json")
    with (
        preview(source, tmp_path / "half.json", data=tmp_path) as address,
        page_of(browser, address) as page,
    ):
        page.uncheck("#match")
        page.evaluate("([from, to]) => window.wavemend.view.select([from, to])", list(LOOP))
        assert "over 60 s, rendered as it plays" in page.inner_text("#length")
        page.click("#hear-restored")
        page.evaluate("at => window.wavemend.player.toggle(at)", LOOP[1] - round(1.5 * RATE))
        until(page, "window.wavemend.player.playing && !window.wavemend.player.holding")
        got = captured(page, 3.0, LOOP)
        sounds = got.runs & (np.abs(got.audio[0]) > 1e-5)
        assert np.any(got.at[sounds] > LOOP[1] - RATE)
        assert np.any(got.at[sounds] < LOOP[0] + RATE)
        wanted = 10 ** (-6 / 20) * audio[0, got.at]
        # a hold while the loop's start is rendered is faded in and out of
        near = np.abs(got.audio[0] - wanted) < 1e-5
        assert near[got.runs].mean() > 0.95
        kept = page.evaluate("[...window.wavemend.player.asked.keys()].length")
        page.evaluate("window.wavemend.player.tidy()")
        assert page.evaluate("[...window.wavemend.player.asked.keys()].length") >= kept  # all is near
        until(page, "!window.wavemend.player.holding")
