"""The page by keys alone: a whole job, and a walk by Tab through every control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wavemend import Chain, Declick, Denoise, load_preset, save_preset
from wavemend.host.presets.preset import Preset

from .browser import page_of, preview, until, wait_exact
from .worn import worn, write_worn

pytestmark = [pytest.mark.whole, pytest.mark.web]

RATE = 16_000
MOST_TABS = 200
FOCUSED = """() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const labels = [...(one.labels ?? [])].map((label) => label.textContent).join(" ");
  const told = {
    what: `${one.tagName}#${one.id} ${one.textContent.slice(0, 20)}`,
    id: one.id,
    before: one.passed === true,
    body: one === document.body,
    name: (one.ariaLabel || labels || one.textContent || one.title).trim(),
    ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    visible: box.width > 4 && box.height > 4 && style.visibility === "visible" && one.contains(seen),
  };
  one.passed = true;
  return told;
}"""
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, select, [tabindex]")]
  .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }))
  .map((one) => `${one.tagName}#${one.id} ${one.textContent.slice(0, 20)}`)"""


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    write_worn(tmp_path / "side.wav", worn(6.0, RATE), RATE)
    first = write_worn(tmp_path / "first.wav", worn(1.0, RATE), RATE)
    (tmp_path / "wavemend" / "presets").mkdir(parents=True)
    save_preset(
        Preset("Gentle", "", Chain([Declick(), Denoise()])), tmp_path / "wavemend" / "presets" / "gentle.json"
    )
    with preview(first, data=tmp_path) as address, page_of(browser, address) as page:
        yield page


def focused(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(FOCUSED)
    return found


def tab_to(page: Any, wanted: str, *, back: bool = False) -> None:
    """Press Tab until a control whose id ends so has the focus."""
    for _ in range(MOST_TABS):
        if focused(page)["id"].endswith(wanted):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    pytest.fail(f"Tab does not lead to {wanted}")


def test_a_whole_job_is_done_by_keys(page: Any, tmp_path: Path) -> None:
    keys = page.keyboard
    tab_to(page, "file")
    keys.type("side")
    assert page.evaluate("window.wavemend.state.recording.name") == "first.wav"  # not before Enter
    keys.press("Enter")
    until(page, "window.wavemend.state.recording.name === 'side.wav' && window.wavemend.state.document.ready")
    tab_to(page, "preset")
    keys.type("gentle")
    keys.press("Enter")
    until(page, "window.wavemend.state.cards.length === 2")
    tab_to(page, "from")
    keys.type("2")
    keys.press("Tab")
    keys.type("4")
    keys.press("Enter")
    until(page, "window.wavemend.levels?.start === 32000 && window.wavemend.levels.stop === 64000")
    wait_exact(page)
    tab_to(page, "play", back=True)
    keys.press("Space")
    until(page, "window.wavemend.player.playing && !window.wavemend.player.holding")
    keys.press("2")
    assert page.get_attribute("#hear-restored", "aria-checked") == "true"
    tab_to(page, "hear-restored")
    keys.press("ArrowRight")
    assert focused(page)["id"] == "hear-removed"
    assert page.evaluate("window.wavemend.player.version") == "removed"
    keys.press("ArrowLeft")
    assert page.evaluate("window.wavemend.player.version") == "restored"
    tab_to(page, "sensitivity-slider")
    keys.press("ArrowRight")
    until(
        page,
        "window.wavemend.state.cards[0].controls.some((one) => one.id === 'sensitivity' && one.value > 5)",
    )
    tab_to(page, "sensitivity-reset")
    keys.press("Enter")
    assert focused(page)["id"].endswith("sensitivity-slider")  # the button has gone
    until(page, "window.wavemend.state.undo >= 2")
    wait_exact(page)
    tab_to(page, "-veto")
    keys.press("Space")
    until(page, "window.wavemend.state.vetoes.length === 1")
    wait_exact(page)
    page.wait_for_timeout(500)
    assert focused(page)["id"].endswith("-veto")
    assert page.evaluate("document.activeElement.checked")
    tab_to(page, "-down", back=True)
    keys.press("Enter")
    until(page, "window.wavemend.state.cards[0].name === 'Denoise'")
    moved = page.evaluate("document.activeElement.closest('.card')?.querySelector('.title').textContent")
    assert moved == "Declick"
    tab_to(page, "save-preset", back=True)
    keys.press("Enter")
    keys.press("Control+a")
    keys.type("keyed")
    keys.press("Enter")
    page.wait_for_selector("text=Saved preset user:keyed")
    (saved,) = (tmp_path / "wavemend" / "presets").glob("keyed*.json")
    assert [type(member).__name__ for member in load_preset(saved).chain] == ["Denoise", "Declick"]
    keys.press("Enter")  # on the button that opened it
    keys.press("Escape")
    page.wait_for_timeout(300)
    assert page.get_attribute("#message", "data-kind") != "error"  # nothing was saved a second time


@pytest.mark.parametrize("back", [False, True])
def test_tab_leads_through_all_controls_each_seen_named_and_ringed(page: Any, back: bool) -> None:
    page.evaluate("window.wavemend.view.select([4000, 12000])")
    page.evaluate("window.wavemend.link.say('load_preset', { name: 'gentle' })")
    until(page, "window.wavemend.state.cards.length === 2 && window.wavemend.state.document.ready")
    wait_exact(page)
    page.wait_for_timeout(500)
    passed: list[dict[str, Any]] = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        one = focused(page)
        if one["body"] or one["before"]:
            break
        passed.append(one)
    else:
        pytest.fail("Tab does not come round")
    bad = [one for one in passed if not (one["visible"] and one["name"] and one["ring"] >= 2)]
    assert not bad
    assert sorted(one["what"] for one in passed) == sorted(page.evaluate(REACHABLE))
