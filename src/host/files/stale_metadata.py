"""Metadata that describe samples, and stop being true when the samples change.

What can be made true again is renewed: the MD5 of a data chunk. Loudness in a Broadcast Wave's own chunk is
measured anew, or set to the value that means "not measured" (EBU Tech 3285 v2). The rest is left out.
"""

import hashlib
import io
import re
from typing import Any, BinaryIO

from .change import Change
from .chunks import Chunk, ChunkList
from .coding_history import with_line
from .id3_tags import LimitedID3
from .ixml import renewed_ixml

DATA_MD5 = b"MD5 "
_ENVELOPES = frozenset((b"levl",))  # peak envelope (EBU Tech 3285, supplement 3)
_READ_BYTES = 1 << 20  # guard: memory taken at once
_LOUDNESS = slice(412, 422)  # five 16-bit figures of a bext chunk of version 2
_VERSION_AT = 346  # source: EBU Tech 3285, behind the time reference
_NOT_MEASURED = b"\xff\x7f"
_MOST_HUNDREDTHS = 0x7FFE  # derived: next to the value that says "not measured"
_STALE_KEY = re.compile(r"REPLAYGAIN_|R128_|MP3GAIN_|ITUNNORM$|ITUNSMPB$|ITUNES_NORM")
# Relative volume, equalisation and replay gain of a frame of its own.
_STALE_FRAMES = frozenset(("RVA2", "RVAD", "RGAD", "EQU2", "EQUA"))
_STALE_OWNERS = frozenset(("AverageLevel", "PeakValue"))  # of PRIV frames, by Windows Media Player


def is_stale_key(key: str) -> bool:
    """Whether a comment of that name describes the level or the length of samples that changed."""
    return _STALE_KEY.match(key.upper()) is not None


def leave_out(names: list[str]) -> list[str]:
    """Say in one line that tags of these names were left out; nothing where there are none."""
    what = ", ".join(sorted(set(names), key=str.upper))
    return [f"{what}: left out, because the samples changed"] if names else []


def renewed_chunk(identifier: bytes, payload: bytes, change: Change) -> tuple[bytes | None, list[str]]:
    """Return what a chunk may say of samples that changed, None for nothing, and what to tell of it."""
    name = identifier.decode("ascii", "replace").strip()
    if identifier in _ENVELOPES or identifier == DATA_MD5:
        return None, leave_out([f"chunk '{name}'"])
    if identifier == b"bext":
        return _renewed_bext(payload, change)
    if identifier == b"iXML":
        return renewed_ixml(payload, change)
    if identifier == b"axml" and b"loudness" in payload.lower():
        return payload, [f"chunk '{name}' speaks of the loudness that the recording had before"]
    if identifier in (b"id3 ", b"ID3 "):
        return _renewed_id3(payload)
    return payload, []


def _renewed_bext(payload: bytes, change: Change) -> tuple[bytes, list[str]]:
    told = []
    if len(payload) >= _LOUDNESS.stop:
        version = int.from_bytes(payload[_VERSION_AT : _VERSION_AT + 2], "little")
        figures = payload[_LOUDNESS]
        if version >= 2 and any(figures) and figures != _NOT_MEASURED * 5:
            now = b"".join(map(_figure, change.loudness or (None,) * 5))
            payload = payload[: _LOUDNESS.start] + now + payload[_LOUDNESS.stop :]
            how = "measured anew" if change.loudness else "set to not measured"
            told = [f"loudness in chunk 'bext': {how}, because the samples changed"]
    return with_line(payload, change.history), told


def _figure(value: float | None) -> bytes:
    """Return a loudness as a bext chunk has it: in hundredths."""
    if value is None:
        return _NOT_MEASURED
    return min(max(round(100 * value), -_MOST_HUNDREDTHS), _MOST_HUNDREDTHS).to_bytes(
        2, "little", signed=True
    )


def _renewed_id3(payload: bytes) -> tuple[bytes | None, list[str]]:
    try:
        tags = LimitedID3(io.BytesIO(payload))
        stale = {key: name for key, frame in tags.items() if (name := _stale_name(frame))}
        if not stale:
            return payload, []
        for key in stale:
            del tags[key]
        written = io.BytesIO()
        tags.save(written, v2_version=3 if tags.version < (2, 4, 0) else 4, padding=lambda _: 0)
    # A hostile tag makes mutagen raise nearly anything; such a tag is carried as it is.
    except Exception:
        return payload, []
    return (written.getvalue() if tags else None), leave_out(list(stale.values()))


def _stale_name(frame: Any) -> str:
    """Return the name of what a frame says of samples that changed; empty for any other frame."""
    if frame.FrameID in _STALE_FRAMES:
        return f"ID3 frame '{frame.FrameID}'"
    if frame.FrameID in ("TXXX", "COMM") and is_stale_key(frame.desc):
        return str(frame.desc)
    if frame.FrameID == "PRIV" and frame.owner in _STALE_OWNERS:
        return str(frame.owner)
    return ""


def data_md5(file: BinaryIO, listed: ChunkList) -> bytes:
    """Return the MD5 of a file's data chunk as BWF MetaEdit stores it: its bytes reversed."""
    audio: Chunk | None = listed.audio
    md5, left = hashlib.md5(usedforsecurity=False), audio.size if audio else 0
    file.seek(audio.start if audio else 0)
    while left and (piece := file.read(min(left, _READ_BYTES))):
        md5.update(piece)
        left -= len(piece)
    return md5.digest()[::-1]
