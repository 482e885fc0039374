"""The coding history of a Broadcast Wave: a line for every step that its samples went through (EBU R 98)."""

from __future__ import annotations

from collections.abc import Iterable

from .audio_format import AudioFormat

FIXED_BYTES = 602  # source: EBU Tech 3285 v2, of a bext chunk before its coding history
_MODES = {1: "mono", 2: "stereo"}  # source: EBU R 98; it names none for more channels
_WORDS = {"FLOAT": 32, "DOUBLE": 64}  # source: IEEE 754


def coding_line(form: AudioFormat, steps: Iterable[str]) -> str:
    """Return the line that says how samples of `form` came about.

    Parameters
    ----------
    form
        Of the file that the line stands in.
    steps
        What was done to them, one by one; only printable ASCII without commas can stand in a line.
    """
    said = "; ".join(_plain(step) for step in steps)
    fields = ["A=PCM", f"F={form.sample_rate}", f"W={word_bits(form)}"]
    fields += [f"M={_MODES[form.channels]}"] if form.channels in _MODES else []
    return ",".join([*fields, f"T={said}"])


def word_bits(form: AudioFormat) -> int:
    """Return the bits of a sample, integer or float."""
    return form.bits or _WORDS.get(form.subtype, 32)


def _plain(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" and letter != "," else " " for letter in text)


def with_line(bext: bytes, line: str) -> bytes:
    """Return a bext chunk's payload with `line` behind its history; as it is where it is too short."""
    if len(bext) < FIXED_BYTES or not line:
        return bext
    history = bext[FIXED_BYTES:].rstrip(b"\0").rstrip(b"\r\n")
    before = [history] if history else []
    return bext[:FIXED_BYTES] + b"\r\n".join([*before, line.encode("ascii"), b""])
