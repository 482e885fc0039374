"""An X server without a screen, and a mouse and windows on it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..vst3.requirements import skip_or_fail

WIDTH, HEIGHT = 1700, 1200


# source: "Extended Window Manager Hints" of freedesktop.org, as far as JUCE takes them to be known
WINDOW_MANAGERS_KNOW = (
    *(f"WM_{name}" for name in ("CHANGE_STATE", "DELETE_WINDOW", "PROTOCOLS", "TAKE_FOCUS")),
    *(f"_NET_{name}" for name in ("ACTIVE_WINDOW", "FRAME_EXTENTS", "WORKAREA")),
    *(f"_NET_WM_{name}" for name in ("ALLOWED_ACTIONS", "ICON", "PID", "PING", "STATE", "USER_TIME")),
    "_NET_WM_WINDOW_TYPE",
    *(f"_NET_WM_ACTION_{name}" for name in ("CLOSE", "FULLSCREEN", "MINIMIZE", "RESIZE")),
    *(f"_NET_WM_STATE_{name}" for name in ("ABOVE", "HIDDEN", "SKIP_TASKBAR")),
    *(f"_NET_WM_WINDOW_TYPE_{name}" for name in ("COMBO", "NORMAL")),
    *("WM_STATE", "_MOTIF_WM_HINTS", "_XEMBED", "_XEMBED_INFO", "_XSETTINGS_SETTINGS", "XdndAware"),
)


class Display:
    """A server of its own.

    Attributes
    ----------
    name
        For the environment's ``DISPLAY``.
    """

    def __init__(self, server: subprocess.Popen[bytes], name: str) -> None:
        self._server, self.name = server, name

    def end(self) -> None:
        """Have it gone, with all its connections."""
        self._server.kill()
        self._server.wait()


class Desktop:
    """What desktops have: a mouse, here moved by way of the server (XTest), and somebody who keeps settings.

    JUCE reads the window of who keeps them (XSETTINGS), and sets what window managers know; where there is
    neither its process is ended.
    """

    def __init__(self, display: str) -> None:
        try:
            self._x11, self._test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        except OSError as error:
            skip_or_fail(f"{error}: `apt-get install libxtst6` brings it")
        for function in ("XOpenDisplay", "XDefaultRootWindow", "XCreateSimpleWindow", "XInternAtom"):
            getattr(self._x11, function).restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(display.encode()))
        assert self._display.value
        root = ctypes.c_void_p(self._x11.XDefaultRootWindow(self._display))
        none = ctypes.c_void_p(None)
        keeper = self._x11.XCreateSimpleWindow(self._display, root, 0, 0, 1, 1, 0, none, none)
        settings = self._x11.XInternAtom(self._display, b"_XSETTINGS_S0", 0)
        self._x11.XSetSelectionOwner(self._display, ctypes.c_void_p(settings), ctypes.c_void_p(keeper), none)
        for name in WINDOW_MANAGERS_KNOW:
            self._x11.XInternAtom(self._display, name.encode(), 0)
        self._x11.XSync(self._display, 0)

    def move(self, x: float, y: float) -> None:
        """Move the mouse to a place on the screen."""
        self._test.XTestFakeMotionEvent(self._display, -1, round(x), round(y), 0)
        self._x11.XSync(self._display, 0)

    def press(self, *, button: int = 1, down: bool = True) -> None:
        """Press a button of the mouse; 4 and 5 are its wheel."""
        self._test.XTestFakeButtonEvent(self._display, button, int(down), 0)
        self._x11.XSync(self._display, 0)

    def release(self, *, button: int = 1) -> None:
        """Let go of it."""
        self.press(button=button, down=False)

    def close(self) -> None:
        """Leave."""
        self._x11.XCloseDisplay(self._display)


@contextmanager
def display() -> Iterator[Display]:
    """Start a server; skips where there is none."""
    found = shutil.which("Xvfb")
    if found is None:
        skip_or_fail("no Xvfb: `apt-get install xvfb` brings it")
    reading, writing = os.pipe()
    screen = ["-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
    command = [found, "-displayfd", str(writing), *screen, "-nolisten", "tcp", "-noreset"]
    with Path(os.devnull).open("wb") as nowhere:
        server = subprocess.Popen(command, pass_fds=[writing], stdout=nowhere, stderr=nowhere)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        assert number, "the X server did not start"
        yield Display(server, f":{number}")
    finally:
        server.kill()
        server.wait()
