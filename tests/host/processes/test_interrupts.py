"""An interrupt that compiled code loses, or takes for an error of its own, ends a command all the same."""

import sys

import pytest

from tests.host.commands import wavemend
from tests.host.recordings import damaged, write

LOST = """
    try: signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt: pass"""
MISTAKEN = """
    try: signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt: raise SystemError("returned a result with an exception set")"""


@pytest.mark.whole
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("handling", [LOST, MISTAKEN])
@pytest.mark.parametrize("command", [("render", "prepare", "-o", "out"), ("analyse", "--write"), ("demo",)])
def test_no_interrupt_is_lost(tmp_path, command, handling):
    for name in ("a.wav", "b.wav"):
        write(tmp_path / name, damaged(3.0))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    script = f"""
import signal, sys
from wavemend.host.files.audio_reader import AudioReader
plain, reads = AudioReader.read, []
def read(self, start, count):
    reads.append(start)
    if len(reads) == 2: interrupt()
    return plain(self, start, count)
def interrupt():{handling}
AudioReader.read = read
from wavemend.host.cli.main import main
main()
"""
    inputs = ["a.wav"] if command[0] == "demo" else ["a.wav", "b.wav"]
    done = wavemend(*command, *inputs, cwd=tmp_path, script=script)
    assert done.returncode == 130, done.stderr
    assert done.stderr.splitlines()[-1] == "error: interrupted; nothing unfinished was left behind"
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
