"""The editor without a window: what the mouse does, and what is drawn; see test_window.py for windows."""

from __future__ import annotations

import itertools
import re
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ..vst3.requirements import skip_or_fail
from .bundles import BYPASS, GAIN, LEARN, LIST, PROGRAM, SHELL, WHOLE, Host, manifest, state
from .conftest import Loaded

Pixels = npt.NDArray[np.uint8]
Opened = Callable[..., "Desk"]

IN, OUT, REMOVED = range(3)
PROGRAMS = {f"{name}.state": state({GAIN: value}) for name, value in (("soft", 0.25), ("hard", 0.75))}
CURVE = (0x6C, 0xB6, 0xE8)
HANDLE = (0xEC, 0xEE, 0xF1)


class Desk:
    """An editor in a host, and a mouse over it."""

    def __init__(self, host: Host, width: int = 0, height: int = 0) -> None:
        self.host = host
        self.width, self.height = map(int, host.ask("editor", width, height).split())
        self._clock = itertools.count(10_000, 1000)
        self._pictures = itertools.count()

    def at(self, parameter: int, part: float = 0.5) -> tuple[float, float]:
        """Where a parameter is turned: a part of the way from its left end to its right."""
        left, top, width, height = self.room(parameter)
        return left + part * width, top + height / 2

    def room(self, parameter: int) -> list[float]:
        return [float(one) for one in self.host.ask("where", parameter, self.width, self.height).split()]

    def press(self, parameter: int, part: float = 0.5, *, soon: bool = False) -> None:
        moment = next(self._clock) - (900 if soon else 0)
        self.host.ask("press", *self.at(parameter, part), moment)

    def drag(self, parameter: int, part: float, *, finely: bool = False) -> None:
        self.host.ask("drag", *self.at(parameter, part), int(finely))

    def click(self, parameter: int, part: float = 0.5, *, soon: bool = False) -> None:
        self.press(parameter, part, soon=soon)
        self.release()

    def wheel(self, parameter: int, up: int, part: float = 0.5, *, finely: bool = False) -> None:
        self.host.ask("wheel", *self.at(parameter, part), up, int(finely))

    def release(self) -> None:
        self.host.ask("release")

    def edits(self) -> list[str]:
        """What the host was told since it was asked last."""
        return self.host.ask("edits").rstrip(".").split()

    def value(self, parameter: int) -> float:
        return float(self.host.ask("get", parameter))

    def picture(self) -> Pixels:
        file = self.host.folder / f"picture-{next(self._pictures)}.raw"
        assert self.host.ask("picture", 0, 0, file) == "0"
        return read_pixels(file, self.width, self.height)


def read_pixels(file: Path, width: int, height: int) -> Pixels:
    """Read what the host wrote; shape (height, width, 3), red first."""
    return np.fromfile(file, np.uint8).reshape(height, width, 4)[:, :, 2::-1]


@pytest.fixture
def opened(loaded: Loaded) -> Opened:
    """Open an editor of an effect; skips where there is nothing to draw with."""

    def open_(lines: list[str] | None = None, *, size: tuple[int, int] = (0, 0)) -> Desk:
        desk = Desk(loaded(lines or manifest(programs=["Soft", "Hard"]), states=PROGRAMS), *size)
        if desk.host.ask("picture", 0, 0, desk.host.folder / "first.raw") != "0":
            skip_or_fail("no cairo: `apt-get install libcairo2` brings it")
        return desk

    return open_


def test_a_drag_is_one_turn_that_follows_the_mouse(opened: Opened) -> None:
    desk = opened()
    desk.press(GAIN, 0.9)
    assert desk.edits() == [f"begin:{GAIN}"]
    desk.drag(GAIN, 0.4)
    assert desk.value(GAIN) == pytest.approx(0.5, abs=0.01)
    desk.drag(GAIN, 0.65)
    desk.drag(GAIN, 0.65)
    desk.release()
    told = desk.edits()
    assert [one.split(":")[0] for one in told] == [str(GAIN), str(GAIN), "end"]
    assert float(told[-2].split(":")[1]) == pytest.approx(desk.value(GAIN), abs=1e-5)
    assert desk.value(GAIN) == pytest.approx(0.75, abs=0.01)
    plain = float(desk.host.ask("text", GAIN, desk.value(GAIN)))
    assert plain == round(plain, 1), "a hand sets numbers that can be read"


def test_a_drag_with_shift_is_a_tenth_as_far(opened: Opened) -> None:
    desk = opened()
    desk.press(GAIN, 0.9)
    desk.drag(GAIN, 0.4, finely=True)
    assert desk.value(GAIN) == pytest.approx(0.95, abs=0.002)


def test_a_turn_ends_with_the_editor(opened: Opened) -> None:
    desk = opened()
    desk.press(GAIN)
    desk.drag(GAIN, 0.2)
    desk.host.ask("leave")
    assert desk.edits()[-1] == f"end:{GAIN}"


def test_a_double_click_gives_the_default(opened: Opened) -> None:
    desk = opened()
    desk.host.ask("set", GAIN, 0.25)
    desk.click(GAIN)
    desk.edits()
    desk.click(GAIN, soon=True)
    assert desk.edits() == [f"begin:{GAIN}", f"{GAIN}:1", f"end:{GAIN}"]
    desk.host.ask("set", GAIN, 0.25)
    desk.click(GAIN)
    desk.click(GAIN)
    assert desk.value(GAIN) == 0.25, "two clicks a second apart"


@pytest.mark.parametrize(
    ("parameter", "part", "value"),
    [(LEARN, 0.5, 1.0), (BYPASS, 0.5, 1.0), (LIST, 0.1, 0.0), (LIST, 0.9, 1.0), (PROGRAM, 0.9, 1.0)],
)
def test_a_click_chooses(opened: Opened, parameter: int, part: float, value: float) -> None:
    desk = opened()
    desk.click(parameter, part)
    assert desk.edits() == [f"begin:{parameter}", f"{parameter}:{value:g}", f"end:{parameter}"]
    desk.click(parameter, part)
    assert desk.value(parameter) == (0.0 if parameter in (LEARN, BYPASS) else value)


def test_a_program_chosen_is_shown_in_all_that_it_sets(opened: Opened) -> None:
    desk = opened()
    desk.click(PROGRAM, 0.9)
    assert desk.value(GAIN) == 0.75


def test_a_long_choice_is_stepped_through(opened: Opened) -> None:
    names = [f"a rather long word {number}" for number in range(6)]
    desk = opened([*manifest(), "parameter\t50\t0\tlist\t-\tLong\t\tlinear\t0\t5\t0.0\t" + "\t".join(names)])
    for part, value in [(0.9, 0.2), (0.9, 0.4), (0.1, 0.2), (0.1, 0.0), (0.1, 0.0)]:
        desk.click(50, part)
        assert desk.value(50) == pytest.approx(value)


def test_the_wheel_turns_what_is_below_it(opened: Opened) -> None:
    desk = opened()
    desk.wheel(GAIN, -1)
    assert desk.value(GAIN) == pytest.approx(0.99, abs=0.003)
    assert [one.split(":")[0] for one in desk.edits()] == ["begin", str(GAIN), "end"]
    desk.wheel(WHOLE, 1)
    assert desk.host.ask("text", WHOLE, desk.value(WHOLE)) == "11", "a whole number at the least"
    desk.wheel(LIST, 1)
    assert desk.value(LIST) == 1.0
    desk.edits()
    desk.wheel(GAIN, 1, part=-0.3)
    assert desk.edits() == [], "over a title it scrolls"


def test_what_the_host_sets_is_drawn(opened: Opened) -> None:
    desk = opened()

    def handle() -> float:
        left, top, width, height = (round(one) for one in desk.room(GAIN))
        row = desk.picture()[top + height // 2, left : left + width]
        return float(np.flatnonzero((row == HANDLE).all(axis=1)).mean()) / width

    places = []
    for value in (0.0, 0.5, 1.0):
        desk.host.ask("set", GAIN, value)
        places.append(handle())
    assert places == pytest.approx([0.02, 0.5, 0.98], abs=0.02)


def noise_print(*points: tuple[float, float]) -> str:
    return "curve=" + b"".join(struct.pack("<ff", *point) for point in points).hex()


def drawn_with(opened: Opened, *engine: str) -> Pixels:
    """Return the picture once the engine has said what it has to say."""
    desk = opened(manifest(engine=engine), size=(640, 640))
    before = desk.picture()
    desk.host.start()
    desk.host.ask("process", 64, 2)
    for _ in range(100):
        now = desk.picture()
        if (now[80:230] != before[80:230]).any():
            break
        time.sleep(0.02)
    return desk.picture()


def test_a_noise_print_is_a_curve(opened: Opened) -> None:
    picture = drawn_with(opened, noise_print((100, -80), (1000, -60), (10_000, -40)))
    panel = (picture[76:222] == CURVE).all(axis=2)
    rows, columns = np.nonzero(panel)
    heights = [rows[np.abs(columns - x).argmin()] for x in np.linspace(columns.min(), columns.max(), 5)]
    assert (np.diff(heights) < 0).all(), "it rises"
    assert np.diff(heights) == pytest.approx(np.mean(np.diff(heights)), abs=3), "both axes are logarithmic"


@pytest.mark.parametrize(
    "engine",
    [
        noise_print((100, float("nan")), (float("inf"), 0), (-5, 0), (0, 0)),
        noise_print((100, -1e38), (200, 1e38)),
        noise_print((1e-30, 0), (1e30, -50)),
        "say=" + ("größer " * 500).encode()[:4000].hex(),
        "say=" + b"\xff\xfe broken \x01".hex(),
        "say=" + (b"x" * 4096).hex(),
    ],
)  # fmt: skip
def test_nothing_that_an_engine_says_spoils_the_picture(opened: Opened, engine: str) -> None:
    picture = drawn_with(opened, engine)
    assert (picture[230:] == HANDLE).all(axis=2).any(), "all below is drawn too"


def test_a_noise_print_that_is_none_ends_the_engine(opened: Opened) -> None:
    desk = opened(manifest(engine=["curve=00"]))
    desk.host.start()
    desk.host.ask("process", 64, 0)
    for _ in range(200):
        if "none of this version" in desk.host.errors.read_text():
            return
        time.sleep(0.02)
    pytest.fail("it goes on")


def test_a_long_list_scrolls(opened: Opened) -> None:
    many = [f"parameter\t{100 + i}\t0\tswitch\t-\tS {i}\t\tlinear\t0\t1\t0.0\toff\ton" for i in range(60)]
    desk = opened([*manifest(), *many])
    assert desk.height <= 720
    x, y = desk.at(BYPASS)
    for _ in range(200):
        desk.host.ask("wheel", x - 60, y, -1, 0)
    bottom = desk.height - 30
    desk.host.ask("press", x, bottom, 5)
    desk.release()
    assert desk.edits()[0] in {f"begin:{number}" for number in range(10, 160)}
    seen = desk.picture()
    desk.host.ask("press", desk.width - 24, desk.height - 20, 5)
    desk.host.ask("drag", desk.width - 24, 0, 0)
    desk.release()
    assert (desk.picture() != seen).any()
    desk.click(BYPASS)
    assert desk.value(BYPASS) == 1.0, "the bar was drawn to the top"


@pytest.mark.parametrize("size", [(480, 280), (640, 480), (1600, 900), (3000, 100), (1, 1)])
def test_all_that_is_turned_is_inside_at_any_size(opened: Opened, size: tuple[int, int]) -> None:
    desk = opened(size=size)
    rooms = [desk.room(one) for one in (BYPASS, PROGRAM, GAIN, LIST, LEARN, WHOLE)]
    tops = sorted(top for _, top, _, _ in rooms)
    height = rooms[0][3]
    assert all(lower - upper >= height for upper, lower in itertools.pairwise(tops)), "none covers another"
    if size[0] >= 480:
        assert all(left >= 0 and left + width <= size[0] for left, _, width, _ in rooms)
    desk.picture()


@pytest.mark.parametrize(("choice", "heard"), [(OUT, 0.25), (IN, 1.0), (REMOVED, 0.75)])
def test_what_is_listened_to(loaded: Loaded, choice: int, heard: float) -> None:
    noise = np.random.default_rng(5).uniform(-1, 1, (2, 30_000)).astype(np.float32)
    desk = Desk(loaded(manifest(20_000, engine=["gain=0.25"]), noise))
    desk.host.start()
    desk.host.ask("listen", choice)
    for _ in range(10):
        desk.host.ask("process", 3000, 0)
    assert desk.host.dropouts() == 0
    heard_last = desk.host.end()[:, -3000:]
    np.testing.assert_allclose(heard_last, noise[:, 7000:10_000] * np.float32(heard), atol=1e-6)


def test_restored_sound_is_itself_again_after_a_fade(loaded: Loaded) -> None:
    noise = np.random.default_rng(5).uniform(-1, 1, (2, 60_000)).astype(np.float32)
    desk = Desk(loaded(manifest(20_000, engine=["gain=0.5"]), noise))
    desk.host.start()
    for choice in (OUT, REMOVED, OUT):
        desk.host.ask("listen", choice)
        for _ in range(5):
            desk.host.ask("process", 4000, 0)
    heard = desk.host.end()
    steps = np.abs(heard[:, 20_000:] / noise[:, :40_000])
    assert np.array_equal(heard[:, 41_000:], noise[:, 21_000:40_000] * np.float32(0.5))
    assert steps.max() < 0.6, "no louder in between than what it goes between"


def test_an_offline_render_is_never_what_is_listened_to(loaded: Loaded) -> None:
    noise = np.random.default_rng(5).uniform(-1, 1, (2, 30_000)).astype(np.float32)
    desk = Desk(loaded(manifest(0, engine=["gain=0.25"]), noise))
    desk.host.start()
    desk.host.ask("listen", REMOVED)
    for mode in (2, 0, 2):
        desk.host.ask("process", 8000, mode)
    heard = desk.host.end()
    assert np.array_equal(heard[:, :8000], noise[:, :8000] * np.float32(0.25))
    assert np.array_equal(heard[:, -8000:], noise[:, 16_000:24_000] * np.float32(0.25))
    assert not np.array_equal(heard[:, 8000:16_000], noise[:, 8000:16_000] * np.float32(0.25))


def colours(prefix: str) -> dict[str, tuple[int, ...]]:
    found = re.findall(rf"{prefix}(\w+) = {{0x(..), 0x(..), 0x(..)}}", (SHELL / "palette.hpp").read_text())
    return {name: tuple(int(one, 16) for one in channels) for name, *channels in found}


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Ratio of two colours as WCAG 2.2 defines it."""
    light = []
    for colour in (one, other):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.divide(colour, 255)]
        light.append(float(np.dot(linear, [0.2126, 0.7152, 0.0722])) + 0.05)
    return max(light) / min(light)


def test_everything_can_be_read() -> None:
    grounds, inks, signs = colours("kGround"), colours("kInk"), colours("kSign")
    assert len(grounds) == 5
    pairs = [*itertools.product(inks.values(), grounds.values()),
             *itertools.product(signs.values(), list(grounds.values())[:2])]  # fmt: skip
    assert min(contrast(ink, ground) for ink, ground in pairs) >= 4.5
