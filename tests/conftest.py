"""Settings of every test, and which of them are tests of the whole."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# What hypothesis draws is the same in every run, on every machine.
settings.register_profile("wavemend", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("wavemend")

# A shell's background jobs ignore Ctrl-C, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What thousands of collected tests leave in memory stays: to look through it again and again took a fifth of
# the collection, and a twentieth of each compilation.
gc.disable()

# Fixtures that compile C++, install the package, build it, check its types, or start processes to be watched.
OF_THE_WHOLE = {
    "faulty_binary", "shell_binary", "host_binary", "installed", "wheel", "complaints", "process", "watched",
}  # fmt: skip
STARTS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"}
ASKS_FOR_FONTS = "fc-list"  # matplotlib, once

_unit_test: list[pytest.Item] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests whose fixtures make them tests of the whole."""
    for item in items:
        if OF_THE_WHOLE.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.whole)


def pytest_collection_finish() -> None:
    """Collect garbage again, but for what is there by now; see above."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which unit test runs; see `_no_programs`."""
    if item.get_closest_marker("whole") is None:
        _unit_test[:] = [item]
    try:
        return (yield)
    finally:
        _unit_test.clear()


def _no_programs(event: str, arguments: tuple[Any, ...]) -> None:
    """Fail a unit test that starts a program: that costs seconds, and is a test of the whole."""
    if event in STARTS and _unit_test and ASKS_FOR_FONTS not in repr(arguments):
        pytest.fail(f"{_unit_test[0].nodeid} starts a program ({event}): mark it `whole`")


sys.addaudithook(_no_programs)
