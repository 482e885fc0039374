"""VST3s at the page: their controls are turned and heard, many are sought, and a crash ends nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wavemend import VST3, Chain, Preset, save_preset

from ..faulty_plugins import Scanned
from .browser import captured, page_of, preview, revision, until, wait_exact
from .worn import worn, write_worn

pytestmark = [pytest.mark.whole, pytest.mark.web]

RATE = 16_000
LOOP = (8 * RATE, 10 * RATE)


def test_controls_are_turned_heard_sought_and_a_crash_ends_nothing(
    browser: Any, scanned: Scanned, tmp_path: Path
) -> None:
    scanned("MonoQueued", "ForgetsMany", "CrashesLater")
    audio = worn(12.0, RATE).astype(np.float32).astype(np.float64)
    source = write_worn(tmp_path / "side.wav", audio, RATE)
    data = tmp_path / "data"
    save_preset(Preset("Two", "", Chain([VST3("MonoQueued"), VST3("ForgetsMany")])), tmp_path / "two.json")
    with preview(source, tmp_path / "two.json", data=data) as address, page_of(browser, address) as page:
        page.uncheck("#match")
        page.evaluate("([from, to]) => window.wavemend.view.select([from, to])", list(LOOP))
        until(page, "window.wavemend.state.cards[0].controls.length === 1")
        gain, many = page.evaluate("window.wavemend.state.cards.map((card) => card.seat)")
        page.click(f"#seat-{many}-bypass")  # it gives silence
        until(page, "window.wavemend.state.cards[1].bypass")
        field = f"#seat-{gain}-p-gain_db"
        assert "dB" in page.inner_text(f"#seat-{gain}")
        before = revision(page)
        page.fill(field, "-12")
        page.press(field, "Enter")
        wait_exact(page, before + 1)
        page.click("#hear-restored")
        page.click("#play")
        until(page, "window.wavemend.player.playing && !window.wavemend.player.holding")
        page.wait_for_timeout(200)
        got = captured(page, 0.5, LOOP)
        wanted = 10 ** (-12 / 20) * audio[0, got.at[got.runs]]
        np.testing.assert_allclose(got.audio[0, got.runs], wanted, atol=2e-6)
        page.wait_for_timeout(1000)  # or it were one turn with what was typed
        page.focus(f"{field}-slider")
        page.keyboard.press("ArrowRight")
        until(page, "window.wavemend.state.cards[0].controls[0].value > -12")
        page.focus("#wave")
        for _ in range(2):
            page.keyboard.press("Control+z")
        until(page, f"Number(document.querySelector('{field}').value) === 0")
        rows = page.locator(f"#seat-{many} .control[data-name]:not([data-name=mix])")
        until(page, "window.wavemend.state.cards[1].controls.length >= 24")
        assert rows.filter(visible=True).count() == 12
        page.fill(f"#seat-{many}-find", "21")
        assert 1 <= rows.filter(visible=True).count() <= 12
        page.fill(f"#seat-{many}-find", "")
        page.click(f"#seat-{many}-all")
        assert rows.filter(visible=True).count() >= 24
        page.click(f"#seat-{many}-remove")
        page.select_option("#addable", label="CrashesLater (VST3)")
        page.click("#add")
        page.wait_for_selector("#message[data-kind=error]:text('crashed')", timeout=60_000)
        assert page.inner_text("#state") == "failed"
        crashing = page.evaluate("window.wavemend.state.cards[1].seat")
        before = revision(page)
        page.click(f"#seat-{crashing}-remove")
        wait_exact(page, before + 1)
