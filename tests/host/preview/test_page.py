"""What a person does at the page: open, play, switch, change, hear, veto, reorder, save, reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from wavemend import Chain, Declick, Denoise, load_preset, save_preset
from wavemend.audio.arrays import Audio
from wavemend.contract.marks import Mark, Marks
from wavemend.host.chain.guidance import Guidance
from wavemend.host.chain.passes import Passes
from wavemend.host.chain.sources import ArraySource
from wavemend.host.presets.preset import Preset
from wavemend.host.preview.renderer import loudness

from .browser import WAIT_MS, captured, page_of, preview, revision, until, wait_exact
from .screenshots import MOST_BYTES, take
from .worn import worn, write_worn

pytestmark = [pytest.mark.whole, pytest.mark.web]

RATE = 16_000
SECONDS = 6.0
LOOP = (2 * RATE, 4 * RATE)


class Opened(NamedTuple):
    page: Any
    audio: Audio
    folder: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Audio, Path]]:
    """Serve a worn recording, once: it takes seconds to start."""
    tmp_path = tmp_path_factory.mktemp("served")
    audio = worn(SECONDS, RATE).astype(np.float32).astype(np.float64)
    source = write_worn(tmp_path / "side.wav", audio, RATE)
    write_worn(tmp_path / "reference.wav", 0.5 * worn(SECONDS, RATE, clicks_a_second=0.0), RATE)
    (tmp_path / "wavemend" / "presets").mkdir(parents=True)
    save_preset(
        Preset("Gentle", "", Chain([Declick(), Denoise()])), tmp_path / "wavemend" / "presets" / "gentle.json"
    )
    with preview(source, data=tmp_path) as address:
        yield address, audio, tmp_path


@pytest.fixture
def opened(browser: Any, served: tuple[str, Audio, Path]) -> Iterator[Opened]:
    """Open the recording anew with a preset, at a loop of 2 s."""
    address, audio, folder = served
    for made in [*folder.glob("*.wavemend.json"), *folder.glob("*.restored*")]:
        made.unlink()
    with page_of(browser, address) as page:
        before = revision(page)
        page.select_option("#preset", "gentle")
        page.select_option("#file", label="side.wav")
        until(page, f"window.wavemend.state.revision > {before + 2} && window.wavemend.state.document.ready")
        select(page)
        until(page, "window.wavemend.levels?.start === 32000 && window.wavemend.levels.stop === 64000")
        wait_exact(page)
        yield Opened(page, audio, folder)


def select(page: Any) -> None:
    page.evaluate("([from, to]) => window.wavemend.view.select([from, to])", list(LOOP))


def rendered(chain: Chain, audio: Audio, guidance: Guidance | None = None) -> Audio:
    """Return what a render gives."""
    source = ArraySource(audio.copy())
    passes = Passes(
        chain, source, RATE, new_spool=lambda channels: ArraySource(np.empty((channels, source.frames))),
        guidance=guidance or Guidance(),
    )  # fmt: skip
    passes.learn()
    return np.concatenate([block for block, _ in passes.final()], axis=1)


def play(page: Any, version: str) -> None:
    page.click(f"#hear-{version}")
    page.click("#play")
    until(page, "window.wavemend.player.playing && !window.wavemend.player.holding")
    page.wait_for_timeout(200)


def heard_is(page: Any, wanted: Audio) -> None:
    """Assert that the graph gives the loop of `wanted`, as exactly as floats of 32 bits are."""
    got = captured(page, 0.5, LOOP)
    assert got.runs.mean() > 0.8
    np.testing.assert_allclose(got.audio[0, got.runs], wanted[0, got.at[got.runs]], atol=2e-7)


def test_what_is_heard_is_what_a_render_has_there_before_and_after_a_change(opened: Opened) -> None:
    page, audio, _ = opened
    page.uncheck("#match")
    page.focus("#wave")
    page.keyboard.press("2")
    page.keyboard.press("Space")
    until(page, "window.wavemend.player.playing")
    page.wait_for_timeout(300)
    heard_is(page, rendered(Chain([Declick(), Denoise()]), audio))
    page.keyboard.press("1")
    page.wait_for_timeout(50)
    heard_is(page, audio)
    page.keyboard.press("2")
    before = revision(page)
    seat = page.evaluate("window.wavemend.state.cards[1].seat")
    page.fill(f"#seat-{seat}-reduction_db", "24")
    page.press(f"#seat-{seat}-reduction_db", "Enter")
    wait_exact(page, before + 1)
    page.wait_for_timeout(100)
    heard_is(page, rendered(Chain([Declick(), Denoise(reduction_db=24.0)]), audio))


def test_switching_leaves_no_gap_and_levels_are_the_same(opened: Opened) -> None:
    page, audio, _ = opened
    restored = rendered(Chain([Declick(), Denoise()]), audio)
    play(page, "original")
    gain = 10 ** (page.evaluate("window.wavemend.levels.gain_db.restored") / 20)
    got = captured(page, 0.4, LOOP, "hear-restored")
    assert got.runs.all()
    heard = got.audio[0]
    a, b = audio[0, got.at], gain * restored[0, got.at]
    neither = np.flatnonzero((np.abs(heard - a) > 1e-5) & (np.abs(heard - b) > 1e-5))
    assert np.abs(heard[:100] - a[:100]).max() < 1e-6
    assert np.abs(heard[-100:] - b[-100:]).max() < 1e-5
    assert not neither.size or np.ptp(neither) < 0.005 * RATE
    assert np.abs(heard - np.clip(heard, np.minimum(a, b), np.maximum(a, b))).max() < 1e-5  # never a gap
    loud = {}
    for name in ("original", "restored"):
        page.click(f"#hear-{name}")
        page.wait_for_timeout(100)
        got = captured(page, 2.0, LOOP)
        whole = np.zeros((1, LOOP[1] - LOOP[0]))
        whole[0, got.at - LOOP[0]] = got.audio[0]
        loud[name] = loudness(whole, RATE)
    assert loud["original"] is not None
    assert loud["restored"] is not None
    assert abs(loud["original"] - loud["restored"]) < 0.1


def test_a_click_that_is_vetoed_is_heard_again_and_kept_in_the_document(opened: Opened) -> None:
    page, audio, folder = opened
    before = revision(page)
    page.click("#zoom-selection")
    box = page.locator("#events tbody tr", has_text="click").first.locator("input")
    box.wait_for(timeout=WAIT_MS)
    box.check()
    until(page, "window.wavemend.state.vetoes.length === 1")
    wait_exact(page, before + 1)
    veto = page.evaluate("window.wavemend.state.vetoes[0]")
    mark = Mark(veto["position"], veto["length"], veto["channel"])
    wanted = rendered(
        Chain([Declick(), Denoise()]), audio, Guidance(marks={"wavemend.declick": Marks(vetoed=(mark,))})
    )
    page.uncheck("#match")
    play(page, "restored")
    heard_is(page, wanted)
    page.click("#save-decisions")
    page.wait_for_selector("text=Saved side.wav.wavemend.json")
    assert '"vetoed_events": [' in (folder / "side.wav.wavemend.json").read_text()


def test_a_chain_is_reordered_saved_and_there_after_a_reload(opened: Opened) -> None:
    page, _, folder = opened
    first = page.evaluate("window.wavemend.state.cards[0].seat")
    page.focus(f"#seat-{first}-down")
    page.keyboard.press("Enter")
    until(page, "window.wavemend.state.cards[1].name === 'Declick'")
    assert "should come before" in page.inner_text("#advice")
    page.select_option("#addable", "wavemend.rumble")
    page.click("#add")
    until(page, "window.wavemend.state.cards.length === 3")
    page.click(f"#seat-{first}-bypass")
    until(page, "window.wavemend.state.cards[1].bypass")
    page.click("#save-preset")
    page.fill("#save-name", "mine")
    page.click("#save-ok")
    page.wait_for_selector("text=Saved preset user:mine")
    saved = load_preset(folder / "wavemend" / "presets" / "mine.json")
    assert [type(member).__name__ for member in saved.chain] == ["Denoise", "Declick", "Rumble"]
    assert [slot.bypass for slot in saved.chain.slots] == [False, True, False]
    page.reload()
    until(page, "window.wavemend?.state?.cards.length === 3")
    assert page.input_value("#preset") == ""
    assert page.inner_text("#preset-name") == "mine"
    page.focus("#wave")
    for _ in range(3):
        page.keyboard.press("Control+z")
    until(
        page, "window.wavemend.state.cards.length === 2 && window.wavemend.state.cards[0].name === 'Declick'"
    )
    page.keyboard.press("Control+Shift+z")
    until(page, "window.wavemend.state.cards[1].name === 'Declick'")
    seat = page.evaluate("window.wavemend.state.cards[0].seat")
    page.click(f"#seat-{seat}-solo")
    until(page, f"window.wavemend.state.solo === {seat}")
    page.click(f"#seat-{seat}-remove")
    until(page, "window.wavemend.state.cards.length === 1 && window.wavemend.state.solo === null")


def test_noise_is_learned_from_the_selection_and_a_reference_is_level_matched(opened: Opened) -> None:
    page, _, _ = opened
    page.click("#learn-print")
    until(page, "window.wavemend.state.prints.length === 1")
    page.select_option("#reference", label="reference.wav")
    until(page, "window.wavemend.state.reference?.loudness")
    wait_exact(page)
    until(page, "'reference' in window.wavemend.levels.gain_db")
    lufs = page.evaluate("window.wavemend.levels.lufs")
    gain = page.evaluate("window.wavemend.levels.gain_db.reference")
    assert gain == pytest.approx(lufs["original"] - lufs["reference"], abs=0.01)
    assert "reference" in page.inner_text("#figures")
    page.focus("#wave")
    page.keyboard.press("4")
    assert page.get_attribute("#hear-reference", "aria-checked") == "true"


def test_what_an_over_driven_denoise_harms_is_marked_and_listed(opened: Opened) -> None:
    page, _, _ = opened
    seat = page.evaluate("window.wavemend.state.cards[1].seat")
    page.fill(f"#seat-{seat}-reduction_db", "40")
    page.press(f"#seat-{seat}-reduction_db", "Enter")
    page.click("#learn-print")  # the music is taken for noise
    until(page, "window.wavemend.state.prints.length === 1")
    wait_exact(page)
    until(page, "window.wavemend.view.artifacts.some((one) => one.severity > 0.3)")
    worst = page.locator("#artifacts tbody tr").first
    assert worst.locator("td").nth(1).inner_text() in ("lost program", "hollow")
    worst.locator("button").click()
    at, length = page.evaluate("((one) => [one[0], one[1] - one[0]])(window.wavemend.view.selection)")
    assert page.evaluate("window.wavemend.view.start") < at + length
    assert page.evaluate("window.wavemend.view.span") == 2 * length
    colours = page.evaluate(
        """() => {
          const canvas = document.getElementById("marks");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let n = 0; n < data.length; n += 4) {
            count += data[n] > 150 && data[n + 1] < 60 && data[n + 2] > 90;
          }
          return count;
        }"""
    )
    assert colours > 20
    page.click("#undo")
    page.click("#undo")
    wait_exact(page)
    until(page, "!window.wavemend.view.artifacts.some((one) => one.severity > 0.3)")


def test_a_blind_test_counts_right_answers(opened: Opened) -> None:
    page, _, _ = opened
    page.click("#abx-start")
    assert page.is_disabled("#hear-original")
    for _ in range(4):
        truth = page.evaluate("window.wavemend.player.version")
        page.click("#abx-is-a" if truth == "original" else "#abx-is-b")
    assert page.inner_text("#abx-score").startswith("4 of 4 right; 6.3 % by guessing")
    page.click("#abx-end")
    assert page.is_enabled("#hear-original")


def test_the_whole_is_rendered_and_its_restored_side_seen(opened: Opened) -> None:
    page, _, folder = opened
    page.click("#render")
    page.wait_for_selector("text=Wrote side.restored.wav", timeout=WAIT_MS)
    assert (folder / "side.restored.wav").is_file()
    until(page, "window.wavemend.state.whole.current")
    page.click("#hear-restored")
    with page.expect_response("**/api/peaks/restored**") as answer:
        page.click("#all")
        page.focus("#wave")
        page.keyboard.press("-")
    assert answer.value.headers["x-exact"] == "1"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible_and_looks_as_in_the_docs(
    browser: Any, opened: Opened, tmp_path: Path, theme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened.page
    page.emulate_media(color_scheme=theme)
    until(page, f"document.documentElement.dataset.theme === '{theme}'")
    for dialog in ("", "#keys", "#save-preset"):
        if dialog:
            page.click(dialog)
        found = Axe().run(page).response["violations"]
        grave = [
            (one["id"], [node["target"] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert not grave
        if dialog:
            page.keyboard.press("Escape")
    assert take(page, tmp_path / f"{theme}.png") < MOST_BYTES
