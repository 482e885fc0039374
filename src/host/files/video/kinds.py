"""Which files are films, told by their first bytes: a name says nothing, and a stranger's name less."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEAD_BYTES = 4096  # guard: memory; a Matroska header says within it what it is


@dataclass(frozen=True)
class Kind:
    """A kind of file that holds pictures and sound.

    Attributes
    ----------
    name
        What people call it.
    demuxer, muxer
        FFmpeg's names of what reads it, and writes it.
    endings
        Of its files' names; the first is the usual one.
    """

    name: str
    demuxer: str
    muxer: str
    endings: tuple[str, ...]

    def named(self, path: Path) -> Path:
        """Return `path` with an ending of this kind: its own where that is one."""
        return path if path.suffix.lower() in self.endings else path.with_suffix(self.endings[0])


MP4 = Kind("MP4", "mov", "mp4", (".mp4", ".m4v", ".m4a", ".m4b", ".3gp", ".3g2"))
MOV = Kind("MOV", "mov", "mov", (".mov", ".qt"))
MATROSKA = Kind("Matroska", "matroska", "matroska", (".mkv", ".mka", ".mk3d"))
WEBM = Kind("WebM", "matroska", "webm", (".webm",))
AVI = Kind("AVI", "avi", "avi", (".avi", ".divx"))

_KINDS = (MP4, MOV, MATROSKA, WEBM, AVI)
VIDEO_SUFFIXES = frozenset(ending for kind in _KINDS for ending in kind.endings)
"""Endings of the files that are taken for films when a whole folder is named."""

_EBML = b"\x1aE\xdf\xa3"  # source: RFC 8794, the ID of an EBML header
_QUICKTIME = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))  # before there was `ftyp`
_OTHERS = {
    b"\x00\x00\x01\xba": "an MPEG program stream",
    b"\x00\x00\x01\xb3": "an MPEG video stream",
    b"0&\xb2u\x8ef\xcf\x11": "a Windows Media file",
    b"FLV\x01": "a Flash video",
}


def kind_of(file: BinaryIO) -> Kind | None:
    """Return what kind of film an open file is, from its beginning on; None where it is none of them."""
    head = file.read(_HEAD_BYTES)
    if head[:4] == _EBML:
        return WEBM if b"\x42\x82\x84webm" in head else MATROSKA  # source: RFC 9559, DocType is element 4282
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return AVI
    if head[4:8] == b"ftyp":
        return MOV if head[8:12] == b"qt  " else MP4
    return MOV if head[4:8] in _QUICKTIME else None


def other_film(file: BinaryIO) -> str:
    """Say what an open file is that holds pictures but cannot be put back; empty for anything else."""
    head = file.read(_HEAD_BYTES)
    # source: ISO 13818-1, packets of 188 bytes; cameras and Blu-ray discs put a time code of 4 before each
    for first, size in ((0, 188), (4, 192)):
        if all(head[first + number * size :][:1] == b"G" for number in range(3)):
            return "an MPEG transport stream"
    return next((what for magic, what in _OTHERS.items() if head.startswith(magic)), "")
