"""Carry what a sound file says about itself from a source to its restored copy.

Containers made of chunks (WAV, RF64, AIFF, CAF) keep every chunk that does not describe the
coding of the samples, byte for byte, behind the audio. FLAC keeps its metadata blocks. Between
unlike containers the comments and pictures are translated. Audio data is never loaded, and sizes
that a file claims are believed only as far as the file reaches.
"""

import base64
import io
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import mutagen
from mutagen import flac, id3

from ..errors import AudioFileError

_MAX_CHUNKS = 4096
_MAX_PARSED_BYTES = 64 << 20  # of a chunk that is parsed, not merely copied: room for pictures
_MAX_FLAC_BLOCK = (1 << 24) - 1
_MAX_RIFF_SIZE = 0xFFFFFFFF
_COPY_BYTES = 1 << 20
_FLAC_OWN = frozenset((0, 1, 3, 4, 6))  # stream info, padding, seek table; comments and pictures go apart
_FLAC_PADDING = 8192  # so that a tag editor need not move the audio

_GUID = bytes.fromhex("f3acd3118cd100c04f8edb8a")


@dataclass(frozen=True)
class ChunkStyle:
    """How one family of containers lays out its chunks."""

    name: str
    id_bytes: int
    size_code: str
    size_counts_header: bool
    align: int
    first: int
    coding: frozenset[bytes]
    """Chunks that describe the coding of the samples, or padding: never carried over."""


_RIFF_CODING = frozenset((b"fmt ", b"data", b"fact", b"ds64", b"PEAK", b"JUNK", b"junk", b"PAD ", b"FLLR"))
_RIFF = ChunkStyle("WAV", 4, "<I", False, 2, 12, _RIFF_CODING)
_RIFX = ChunkStyle("big-endian WAV", 4, ">I", False, 2, 12, _RIFF_CODING)
_FORM = ChunkStyle("AIFF", 4, ">I", False, 2, 12, frozenset((b"COMM", b"SSND", b"FVER", b"PEAK", b"CHAN")))
_W64_CODING = frozenset(name + _GUID for name in (b"fmt ", b"data", b"fact", b"junk"))
W64 = ChunkStyle("W64", 16, "<Q", True, 8, 40, _W64_CODING)
_CAF_CODING = frozenset((b"desc", b"data", b"pakt", b"kuki", b"chan", b"free", b"peak", b"ovvw"))
_CAF = ChunkStyle("CAF", 4, ">Q", False, 1, 8, _CAF_CODING)
DATA_CHUNKS = frozenset((b"data", b"SSND"))


@dataclass(frozen=True)
class Chunk:
    """One chunk: the first four bytes of its identifier are readable in every container."""

    identifier: bytes
    start: int
    """Where its payload begins, in bytes."""
    size: int
    """Bytes of payload, as the header says; may reach beyond the end of the file."""


@dataclass(frozen=True)
class ChunkList:
    """The chunks of one file."""

    style: ChunkStyle
    chunks: list[Chunk]
    end: int
    """Where the last chunk that makes sense ends; beyond it lies nothing that can be understood."""
    file_size: int

    @property
    def audio(self) -> Chunk | None:
        """The chunk that holds the samples."""
        return next((chunk for chunk in self.chunks if chunk.identifier[:4] in DATA_CHUNKS), None)


def _style(head: bytes) -> ChunkStyle | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return _RIFF
    if head[:4] == b"RIFX" and head[8:12] == b"WAVE":
        return _RIFX
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _FORM
    if head[:4] == b"riff" and head[24:28] == b"wave":
        return W64
    if head[:4] == b"caff":
        return _CAF
    return None


def list_chunks(file: BinaryIO) -> ChunkList | None:
    """List the chunks of an open file, or return None for a container that has none."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(40)
    style = _style(head)
    if style is None:
        return None
    chunks: list[Chunk] = []
    header_bytes = style.id_bytes + struct.calcsize(style.size_code)
    at, audio64 = style.first, None
    while at + header_bytes <= size and len(chunks) < _MAX_CHUNKS:
        file.seek(at)
        header = file.read(header_bytes)
        identifier = header[: style.id_bytes]
        if not all(0x20 <= byte < 0x7F for byte in identifier[:4]):
            break
        payload = struct.unpack(style.size_code, header[style.id_bytes :])[0]
        if style.size_counts_header:
            if payload < header_bytes:
                break
            payload -= header_bytes
        if identifier == b"ds64":
            audio64 = struct.unpack("<Q", file.read(16)[8:].ljust(8, b"\0"))[0]
        elif identifier == b"data" and payload == _MAX_RIFF_SIZE and audio64 is not None:
            payload = audio64
        start = at + header_bytes
        if start + payload > size and identifier[:4] not in DATA_CHUNKS:
            break
        chunks.append(Chunk(identifier, start, payload))
        at = start + payload + -payload % style.align
    return ChunkList(style, chunks, min(at, size), size)


@dataclass
class _Comments:
    """What can be translated between containers: Vorbis-style pairs and pictures."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[Any] = field(default_factory=list)
    flac_blocks: list[Any] = field(default_factory=list)
    """Cue sheets and other programs' blocks: FLAC to FLAC only."""
    lost: list[str] = field(default_factory=list)

    def add(self, key: str, values: Iterable[object]) -> None:
        for value in values:
            text = str(value).strip("\0 ")
            if text and (key, text) not in self.pairs:
                self.pairs.append((key, text))


def copy_tags(source: Path, target: Path) -> list[str]:
    """Carry tags, pictures and chunks of a source over to a finished sound file.

    Parameters
    ----------
    source : Path
        The recording as it came; only read.
    target : Path
        The restored file, complete and closed; changed in place and synced to the disk.

    Returns
    -------
    list of str
        One line for each thing that could not be carried over.

    Raises
    ------
    AudioFileError
        The target cannot be written, for instance because the disk is full. What cannot be read
        in the source is a warning, never an error.
    """
    try:
        with source.open("rb") as old, target.open("rb+") as new:
            ours, theirs = list_chunks(new), list_chunks(old)
            # In W64, libsndfile plays chunks behind the audio as audio: none are written.
            if ours is not None and theirs is not None and ours.style == theirs.style != W64:
                warnings = _copy_chunks(old, theirs, new, ours)
            else:
                comments = _read_comments(source, old, theirs)
                warnings = _write_comments(comments, target, new, ours)
            new.flush()
            os.fsync(new.fileno())
    except (OSError, mutagen.MutagenError) as error:
        reason = " ".join(str(error).split())
        raise AudioFileError(f"{target}: the tags of {source} could not be written: {reason}") from error
    return [f"{source}: {warning}" for warning in warnings]


# Chunks, byte for byte


def _copy_chunks(old: BinaryIO, theirs: ChunkList, new: BinaryIO, ours: ChunkList) -> list[str]:
    warnings = []
    if theirs.end < theirs.file_size:
        lost = theirs.file_size - theirs.end
        warnings.append(f"{lost} bytes at the end are no valid chunk and were not carried over")
    style, room = ours.style, _MAX_RIFF_SIZE - ours.file_size
    unlimited = style is _CAF or _is_rf64(new)
    for chunk in theirs.chunks:
        if chunk.identifier in style.coding:
            continue
        room -= chunk.size + 16
        if room < 0 and not unlimited:
            warnings.append(
                f"chunk '{_name(chunk.identifier)}' was not carried over: the file would pass 4 GB"
            )
            continue
        old.seek(chunk.start)
        _append_chunk(new, style, chunk.identifier, chunk.size, old)
    return warnings


def _name(identifier: bytes) -> str:
    return identifier[:4].decode("ascii", "replace").strip()


def _is_rf64(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) in (b"RF64", b"BW64")


def _append_chunk(file: BinaryIO, style: ChunkStyle, identifier: bytes, size: int, payload: BinaryIO) -> None:
    """Append one chunk to a file and correct the size that the file gives for itself."""
    end = file.seek(0, os.SEEK_END)
    file.write(b"\0" * (-end % style.align))
    file.write(identifier + struct.pack(style.size_code, size))
    left = size
    while left:
        piece = payload.read(min(left, _COPY_BYTES))
        if not piece:
            raise OSError("the source became shorter while it was read")
        file.write(piece)
        left -= len(piece)
    file.write(b"\0" * (-size % style.align))
    end = file.tell()
    if style is _CAF:  # states no total
        return
    if _is_rf64(file):
        at, code, total = 20, "<Q", end - 8
    else:
        at, code, total = 4, style.size_code, end - 8
    file.seek(at)
    file.write(struct.pack(code, total))


# Comments, translated


def _table(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


_INFO = _table(
    """
    INAM=TITLE IART=ARTIST IPRD=ALBUM ICRD=DATE IGNR=GENRE ICMT=COMMENT ICOP=COPYRIGHT ITRK=TRACKNUMBER
    IPRT=TRACKNUMBER IENG=ENGINEER ISBJ=SUBJECT IKEY=KEYWORDS ISRC=SOURCE ITCH=TECHNICIAN
    IARL=ARCHIVALLOCATION IMED=MEDIUM ISFT=SOFTWARE
    """
)
_AIFF_TEXT = {b"NAME": "TITLE", b"AUTH": "ARTIST", b"(c) ": "COPYRIGHT", b"ANNO": "COMMENT"}
_CAF_INFO = {"YEAR": "DATE", "COMMENTS": "COMMENT"}
_ID3 = _table(
    """
    TIT1=GROUPING TIT2=TITLE TIT3=SUBTITLE TPE1=ARTIST TPE2=ALBUMARTIST TPE3=CONDUCTOR TPE4=REMIXER
    TALB=ALBUM TCOM=COMPOSER TEXT=LYRICIST TRCK=TRACKNUMBER TPOS=DISCNUMBER TDRC=DATE TDOR=ORIGINALDATE
    TCOP=COPYRIGHT TPUB=ORGANIZATION TSRC=ISRC TENC=ENCODED-BY TSSE=ENCODER TBPM=BPM TLAN=LANGUAGE
    TKEY=INITIALKEY TMED=MEDIA TMOO=MOOD TSOA=ALBUMSORT TSOP=ARTISTSORT TSOT=TITLESORT TSST=DISCSUBTITLE
    TCMP=COMPILATION
    """
)
_TO_ID3 = {key: frame for frame, key in _ID3.items()}


def _read_comments(source: Path, old: BinaryIO, chunks: ChunkList | None) -> _Comments:
    comments = _Comments()
    try:
        if chunks is None:
            _read_with_mutagen(source, comments)
        else:
            for chunk in chunks.chunks:
                if chunk.identifier not in chunks.style.coding:
                    _read_chunk(old, chunk, chunks.style, comments)
    # A hostile tag makes mutagen raise nearly anything; no tag is worth losing a restoration.
    except Exception as error:
        comments.lost.append(f"tags could not be read ({' '.join(repr(error).split())})")
    return comments


def _read_chunk(old: BinaryIO, chunk: Chunk, style: ChunkStyle, comments: _Comments) -> None:
    kind = chunk.identifier[:4]
    old.seek(chunk.start)
    payload = old.read(chunk.size) if chunk.size <= _MAX_PARSED_BYTES else b""
    if kind == b"LIST" and payload[:4] == b"INFO":
        for name, value in _info_entries(payload[4:], style.size_code):
            comments.add(_INFO.get(name, name), [_text(value)])
    elif kind in (b"id3 ", b"ID3 ") and payload:
        _from_id3(id3.ID3(io.BytesIO(payload)), comments)
    elif style is _FORM and kind in _AIFF_TEXT and payload:
        comments.add(_AIFF_TEXT[kind], [_text(payload)])
    elif style is _CAF and kind == b"info" and payload:
        texts = [_text(part) for part in payload[4:].split(b"\0")]
        for label, text in zip(texts[::2], texts[1::2], strict=False):
            key = label.upper().replace(" ", "")
            comments.add(_CAF_INFO.get(key, key), [text])
    else:
        comments.lost.append(f"chunk '{_name(chunk.identifier)}' has no place in the new container")


def _info_entries(payload: bytes, size_code: str) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at + 8 <= len(payload):
        size = struct.unpack(size_code, payload[at + 4 : at + 8])[0]
        yield payload[at : at + 4].decode("ascii", "replace").strip(), payload[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _text(value: bytes) -> str:
    value = value.split(b"\0")[0]
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _read_with_mutagen(source: Path, comments: _Comments) -> None:
    found = mutagen.File(source)
    tags = getattr(found, "tags", None)
    if isinstance(tags, id3.ID3):
        _from_id3(tags, comments)
    elif tags is not None:
        for key, value in tags.items() if not isinstance(tags, list) else tags:
            values = value if isinstance(value, list) else [value]
            if key.upper() == "METADATA_BLOCK_PICTURE":
                comments.pictures.extend(flac.Picture(base64.b64decode(text)) for text in values)
            elif isinstance(tags, list):  # Vorbis comments, which go back as they came
                comments.pairs.append((key, value))
            else:
                comments.add(key.upper(), values)
    comments.pictures.extend(getattr(found, "pictures", []))
    for block in getattr(found, "metadata_blocks", []):
        if block.code not in _FLAC_OWN:
            comments.flac_blocks.append(block)


def _from_id3(tags: Any, comments: _Comments) -> None:
    for frame in tags.values():
        name = frame.FrameID
        if name == "APIC":
            picture = flac.Picture()
            for part in ("type", "mime", "desc", "data"):
                setattr(picture, part, getattr(frame, part))
            comments.pictures.append(picture)
        elif name in ("TRCK", "TPOS"):
            number, _, total = str(frame).partition("/")
            comments.add(_ID3[name], [number])
            comments.add("TRACKTOTAL" if name == "TRCK" else "DISCTOTAL", [total])
        elif name == "TCON":
            comments.add("GENRE", frame.genres)
        elif name in _ID3:
            comments.add(_ID3[name], frame.text)
        elif name == "TXXX":
            comments.add(frame.desc.upper().replace("=", "-") or "COMMENT", frame.text)
        elif name == "COMM":
            comments.add("COMMENT", frame.text)
        elif name == "USLT":
            comments.add("LYRICS", [frame.text])
        elif name in ("TIPL", "TMCL"):
            comments.add("PERFORMER", (f"{person} ({role})" for role, person in frame.people))
        elif name.startswith("W"):
            comments.add("URL", [frame.url])
        else:
            comments.lost.append(f"ID3 frame '{name}' has no place in the new container")


def _write_comments(comments: _Comments, target: Path, new: BinaryIO, chunks: ChunkList | None) -> list[str]:
    if not comments.pairs and not comments.pictures and not comments.flac_blocks:
        return comments.lost
    new.seek(0)
    if new.read(4) == b"fLaC":
        _write_flac(comments, target)
        return comments.lost
    if comments.flac_blocks:
        comments.lost.append("cue sheets and application blocks have no place in the new container")
    if not comments.pairs and not comments.pictures:
        return comments.lost
    payload = io.BytesIO()
    _to_id3(comments).save(payload, padding=lambda _: 0)
    size = len(payload.getvalue())
    payload.seek(0)
    if chunks is None or chunks.style not in (_RIFF, _FORM):
        comments.lost.append("tags have no place in the new container")
    elif chunks.file_size + size + 16 > _MAX_RIFF_SIZE and not _is_rf64(new):
        comments.lost.append("tags were not carried over: the file would pass 4 GB")
    else:
        _append_chunk(new, chunks.style, b"id3 " if chunks.style is _RIFF else b"ID3 ", size, payload)
    return comments.lost


def _write_flac(comments: _Comments, target: Path) -> None:
    file = flac.FLAC(target)
    if file.tags is None:
        file.add_tags()
    # The comments' keys may hold only printable ASCII without '='.
    for key, value in comments.pairs:
        plain = "".join(letter for letter in key if " " <= letter <= "}" and letter != "=")
        file.tags.append((plain or "COMMENT", value))
    for picture in comments.pictures:
        if len(picture.data) > _MAX_FLAC_BLOCK - 4096:
            comments.lost.append("a picture over 16 MB does not fit into FLAC")
        else:
            file.add_picture(picture)
    file.metadata_blocks.extend(comments.flac_blocks)
    file.save(padding=lambda _: _FLAC_PADDING)


def _to_id3(comments: _Comments) -> Any:
    tags = id3.ID3()
    values: dict[str, list[str]] = {}
    for key, value in comments.pairs:
        values.setdefault(key.upper(), []).append(value)
    for key, texts in values.items():
        if key == "COMMENT":
            tags.add(id3.COMM(encoding=3, lang="XXX", desc="", text=texts))
        elif key == "LYRICS":
            tags.add(id3.USLT(encoding=3, lang="XXX", desc="", text="\n".join(texts)))
        elif key == "GENRE":
            tags.add(id3.TCON(encoding=3, text=texts))
        elif key in _TO_ID3:
            tags.add(id3.Frames[_TO_ID3[key]](encoding=3, text=texts))
        else:
            tags.add(id3.TXXX(encoding=3, desc=key, text=texts))
    for picture in comments.pictures:
        tags.add(
            id3.APIC(encoding=3, mime=picture.mime, type=picture.type, desc=picture.desc, data=picture.data)
        )
    return tags
