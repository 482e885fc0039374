"""The editor in windows of hosts, on a display without a screen."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from .bundles import GAIN, Host, manifest
from .conftest import Loaded
from .display import Desktop, Display
from .test_editor import CURVE, REMOVED, read_pixels
from .test_shell_fuzz import PROGRAMS

pytestmark = pytest.mark.whole


_count = itertools.count()


def grabbed(host: Host, width: int, height: int) -> np.ndarray:
    """Return what is seen on the display, from its top left."""
    file = host.folder / f"grab-{next(_count)}.raw"
    assert int(host.ask("grab", width, height, file)) == 4 * width * height
    return read_pixels(file, width, height)


def middle(host: Host, parameter: int, size: list[str]) -> tuple[float, float]:
    left, top, width, height = map(float, host.ask("where", parameter, *size).split())
    return left + width / 2, top + height / 2


def open_files(host: Host) -> int:
    return len(list(Path(f"/proc/{host.pid}/fd").iterdir()))


def test_a_window_shows_the_picture(loaded: Loaded, screen: Display) -> None:
    host = loaded(DISPLAY=screen.name)
    assert host.ask("open", 1, 0, 0).split() == ["0", "640", "280"]
    host.ask("pump", 100)
    assert host.ask("editor", 0).split() == ["640", "280"]
    host.ask("picture", 0, 0, host.folder / "own.raw")
    np.testing.assert_array_equal(grabbed(host, 640, 280), read_pixels(host.folder / "own.raw", 640, 280))
    host.ask("set", GAIN, 0.25)
    host.ask("pump", 100)
    host.ask("picture", 0, 0, host.folder / "own.raw")
    np.testing.assert_array_equal(grabbed(host, 640, 280), read_pixels(host.folder / "own.raw", 640, 280))


def test_a_real_mouse_turns_a_parameter(loaded: Loaded, screen: Display, desktop: Desktop) -> None:
    host = loaded(DISPLAY=screen.name)
    size = host.ask("open", 1, 0, 0).split()[1:]
    host.ask("pump", 100)
    x, y = middle(host, GAIN, size)
    desktop.move(x + 100, y)
    desktop.press()
    for step in range(1, 6):
        desktop.move(x + 100 - 30 * step, y)
    desktop.move(x - 50, 5000)  # outside the window: it is still held
    desktop.release()
    host.ask("pump", 200)
    told = host.ask("edits").rstrip(".").split()
    assert (told[0], told[-1]) == (f"begin:{GAIN}", f"end:{GAIN}")
    assert float(host.ask("get", GAIN)) == pytest.approx(0.5, abs=0.01)
    desktop.move(x, y)
    desktop.press(button=5)
    desktop.release(button=5)
    host.ask("pump", 200)
    assert float(host.ask("get", GAIN)) == pytest.approx(0.49, abs=0.01)


def test_a_turn_ends_when_the_view_is_removed(loaded: Loaded, screen: Display, desktop: Desktop) -> None:
    host = loaded(DISPLAY=screen.name)
    size = host.ask("open", 1, 0, 0).split()[1:]
    host.ask("pump", 100)
    desktop.move(*middle(host, GAIN, size))
    desktop.press()
    host.ask("pump", 200)
    assert host.ask("edits") == f"begin:{GAIN} ."
    assert host.ask("close") == "0"
    assert host.ask("edits") == f"end:{GAIN} ."
    desktop.release()


def test_views_one_after_the_other_leave_nothing(loaded: Loaded, screen: Display) -> None:
    host = loaded(DISPLAY=screen.name)
    before = 0
    for turn in range(50):
        assert host.ask("open", 1, 0, 0)[0] == "0"
        host.ask("pump", 0)
        assert host.ask("children") == "1"
        assert host.ask("close") == "0", "handlers that the host was left with"
        if turn == 1:
            before = open_files(host)
    assert open_files(host) == before
    assert host.ask("open", 1, 0, 0)[0] == "0"


def test_a_host_without_a_run_loop_is_told_no(loaded: Loaded, screen: Display) -> None:
    host = loaded(DISPLAY=screen.name)
    assert host.ask("open", 0, 0, 0)[0] == "1"
    assert host.ask("children") == "0"
    assert host.ask("open", 1, 0, 0)[0] == "0"


def test_without_a_display_a_host_is_told_no(loaded: Loaded) -> None:
    host = loaded(DISPLAY=":65000")
    assert host.ask("open", 1, 0, 0)[0] == "1"
    assert host.ask("close") == "0"


@pytest.mark.parametrize("library", ["libcairo.so.2", "libxcb.so.1"])
def test_without_a_library_a_host_is_told_no(loaded: Loaded, tmp_path: Path, library: str) -> None:
    """The shell loads all the same, and says that it has no editor for X."""
    (tmp_path / library).write_text("none")
    host = loaded(LD_LIBRARY_PATH=str(tmp_path))
    assert host.ask("open", 1, 0, 0) == "no x11"
    assert "Gain" in host.ask("parameters")


def test_it_follows_its_size(loaded: Loaded, screen: Display) -> None:
    host = loaded(DISPLAY=screen.name)
    assert host.ask("open", 1, 1280, 800).split() == ["0", "1280", "800"]
    for wanted, kept in [((640, 480), "640 480"), ((10, 10), "480 280"), ((9999, 600), "1600 600")]:
        assert host.ask("resize", *wanted) == kept
    host.ask("resize", 960, 600)
    host.ask("pump", 100)
    host.ask("editor", 960, 600)
    host.ask("picture", 0, 0, host.folder / "own.raw")
    np.testing.assert_array_equal(grabbed(host, 960, 600), read_pixels(host.folder / "own.raw", 960, 600))


def test_there_is_more_room_once_there_is_a_noise_print(loaded: Loaded, screen: Display) -> None:
    payload = np.array([[100, -80], [10_000, -40]], "<f4").tobytes().hex()
    host = loaded(manifest(engine=[f"curve={payload}"]), DISPLAY=screen.name)
    host.ask("open", 1, 1000, 600)
    host.ask("close")
    host.ask("open", 1, 0, 0)
    host.start()
    host.ask("process", 64, 2)
    for _ in range(100):
        host.ask("pump", 50)
        seen = grabbed(host, 640, 280)
        if (seen == CURVE).all(axis=2)[76:222].any():
            break
    assert host.ask("size").split() == ["640", "428"]


def test_a_server_that_goes_away_does_not_take_its_host_along(loaded: Loaded, screen: Display) -> None:
    host = loaded(DISPLAY=screen.name)
    host.ask("open", 1, 0, 0)
    host.ask("pump", 50)
    screen.end()
    host.ask("pump", 200)
    assert int(host.ask("pump", 300)) == 0, "it is waited for no more"
    assert host.ask("close") == "0"
    assert host.ask("open", 1, 0, 0)[0] == "1"
    host.start()
    assert host.ask("process", 64, 2)[0] == "0"


def test_a_window_whose_parent_is_gone_is_let_go(loaded: Loaded, screen: Display) -> None:
    host = loaded(DISPLAY=screen.name)
    host.ask("open", 1, 0, 0)
    host.ask("orphan")
    host.ask("pump", 100)
    host.ask("set", GAIN, 0.5)
    host.ask("resize", 700, 500)
    host.ask("pump", 100)
    assert host.ask("close") == "0"


def test_nothing_but_the_restored_sound_is_heard_from_an_editor_out_of_sight(
    loaded: Loaded, screen: Display
) -> None:
    """Hosts keep the view of a window that people have closed."""
    audio = np.random.default_rng(5).uniform(-1, 1, (2, 40_000)).astype(np.float32)
    host = loaded(manifest(20_000, engine=["gain=0.25"]), audio, DISPLAY=screen.name)
    host.start()
    host.ask("open", 1, 0, 0)
    host.ask("pump", 100)
    host.ask("editor", 640, 280)
    host.ask("listen", REMOVED)
    for _ in range(2):
        host.ask("pump", 300)
        for _ in range(15):
            host.ask("process", 2000, 0)
        host.ask("hide")
    heard = host.end()
    assert heard.shape == (2, 60_000)
    np.testing.assert_allclose(heard[:, 25_000:30_000], 0.75 * audio[:, 5000:10_000], atol=1e-6)
    np.testing.assert_allclose(heard[:, -5000:], 0.25 * audio[:, 35_000:], atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_no_order_of_calls_crashes_a_host_with_windows(loaded: Loaded, screen: Display, seed: int) -> None:
    lines = manifest(500, engine=["gain=0.5", f"curve={bytes(64).hex()}"], programs=["Soft", "Hard"])
    limits = {"WAVEMEND_ENGINE_ANSWER_S": "0.2", "WAVEMEND_ENGINE_WAIT_S": "2"}
    host = loaded(lines, None, PROGRAMS, DISPLAY=screen.name, **limits)
    assert host.ask("fuzz", 100 + seed, 400) == "survived"
    host.end()
