"""Carry what a sound file says about itself from a source to its restored copy.

Containers made of chunks (WAV, RF64, AIFF, CAF) keep every chunk that does not describe the
coding of the samples, byte for byte, behind the audio. FLAC keeps its metadata blocks. Between
unlike containers the comments and pictures are translated.
"""

import base64
import io
import struct
from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import BinaryIO

import mutagen
import numpy as np
from mutagen import flac, oggopus, oggvorbis

from ...errors import AudioFileError
from .au_header import read_au_header, write_annotation
from .audio_reader import AudioReader
from .carried_chunks import MAX_PARSED_BYTES, copy_chunks
from .change import NO_MORE_KNOWN, Change
from .chunks import CAF, FORM, RIFF, W64, Chunk, ChunkList, ChunkStyle, list_chunks
from .coding_history import word_bits
from .comment_writing import write_comments
from .comments import Comments, ForeignChunk
from .cue_points import holds_points, read_points, text_of
from .foreign import follow, is_foreign, read_foreign
from .id3_tags import read_id3
from .loudspeakers import FLAC_MASK_KEY, copy_loudspeakers, flac_mask
from .mpeg_tags import read_mpeg_tags
from .shifting import shift_cue_sheet
from .source_file import SourceFile
from .stale_metadata import is_stale_key, leave_out
from .syncing import sync

# source: RFC 9639, section 8.1; stream info, padding, seek table; comments and pictures go apart
_FLAC_OWN = frozenset((0, 1, 3, 4, 6))
_APPLICATION = 2  # source: RFC 9639, section 8.1
_FOREIGN = frozenset((b"riff", b"aiff", b"w64 "))  # by flac --keep-foreign-metadata
_MOST_ENTRIES = 100_000  # guard: of a chunk, empty ones and doubles counted
_COMPARED_FRAMES = 1 << 16  # guard: memory taken at once

_INFO = {
    "INAM": "TITLE", "IART": "ARTIST", "IPRD": "ALBUM", "ICRD": "DATE", "IGNR": "GENRE", "ICMT": "COMMENT",
    "ICOP": "COPYRIGHT", "ITRK": "TRACKNUMBER", "IPRT": "TRACKNUMBER", "IENG": "ENGINEER",
    "ISBJ": "SUBJECT", "IKEY": "KEYWORDS", "ISRC": "SOURCE", "ITCH": "TECHNICIAN",
    "IARL": "ARCHIVALLOCATION", "IMED": "MEDIUM", "ISFT": "SOFTWARE",
}  # fmt: skip
_AIFF_TEXT = {b"NAME": "TITLE", b"AUTH": "ARTIST", b"(c) ": "COPYRIGHT", b"ANNO": "COMMENT"}
# source: Apple Core Audio Format 1.0, `info`; spaces left out
_CAF_INFO = {
    "YEAR": "DATE", "RECORDEDDATE": "DATE", "COMMENTS": "COMMENT", "ENCODINGAPPLICATION": "ENCODER",
    "KEYSIGNATURE": "INITIALKEY", "TEMPO": "BPM",
}  # fmt: skip


def copy_tags(source: SourceFile, target: Path, change: Change = NO_MORE_KNOWN) -> list[str]:
    """Carry tags, pictures and chunks of a source over to a finished sound file.

    Parameters
    ----------
    source
        The recording as it came.
    target
        The restored file, complete and closed; changed in place and synced to the disk.
    change
        What was done to the samples, where they are not the same: history, cut and loudness.

    Returns
    -------
    list of str
        One line for each thing that could not be carried over.

    Raises
    ------
    AudioFileError
        The target cannot be written, for instance because the disk is full; or the source's disk does not
        give what is on it. What cannot be understood in the source is a warning, never an error.
    """
    changed = _completed(change, source, target)
    try:
        with source.open() as old, target.open("rb+") as new:
            ours, theirs = list_chunks(new), list_chunks(old)
            # In W64, libsndfile plays chunks behind the audio as audio: none are written.
            au_from, au_to = read_au_header(old), read_au_header(new)
            if ours is not None and theirs is not None and ours.style is theirs.style is not W64:
                warnings = copy_chunks(old, theirs, new, ours, changed)
                copy_loudspeakers(old, theirs, new, ours)
            elif au_from and au_to:
                warnings = []
                if au_from.annotation:
                    write_annotation(new, au_to, au_from.annotation)
            else:
                comments = _read_comments(old, theirs)
                source.check()  # whoever parses tags may take a failing disk for a damaged tag
                if changed:
                    _follow(comments, changed)
                _place_loudspeakers(comments, flac_mask(old, theirs), new)
                write_comments(comments, target, new, ours)
                warnings = comments.lost
            new.flush()
            sync(new.fileno())
    except (OSError, mutagen.MutagenError) as error:
        source.check()
        reason = " ".join(str(error).split())
        raise AudioFileError(f"{target}: the tags of {source.path} could not be written: {reason}") from error
    return [f"{source.path}: {warning}" for warning in warnings]


def _completed(change: Change, source: SourceFile, target: Path) -> Change | None:
    """Add to a change what the files say; None where the samples are the same."""
    if _have_same_samples(source, target):
        return None
    with AudioReader(target) as reader:
        form = reader.format
    return change._replace(source_sha256=source.sha256, sample_rate=form.sample_rate, bits=word_bits(form))


def _have_same_samples(source: SourceFile, target: Path) -> bool:
    try:
        with AudioReader(source) as old, AudioReader(target) as new:
            pairs = zip_longest(old.blocks(_COMPARED_FRAMES), new.blocks(_COMPARED_FRAMES))
            return old.frames == new.frames and all(np.array_equal(was, now) for was, now in pairs)
    except AudioFileError:  # nothing is known to be the same
        return False


def _place_loudspeakers(comments: Comments, mask: str | None, new: BinaryIO) -> None:
    """Carry a loudspeaker mask into a FLAC; say so where the container has no place for it."""
    new.seek(0)
    is_flac = new.read(4) == b"fLaC"
    if mask and is_flac:
        comments.pairs.append((FLAC_MASK_KEY, mask))
    elif mask or (not is_flac and any(key.upper() == FLAC_MASK_KEY for key, _ in comments.pairs)):
        comments.pairs = [pair for pair in comments.pairs if pair[0].upper() != FLAC_MASK_KEY]
        comments.lost.append("the loudspeakers of the channels have no place in the new container")


def _follow(comments: Comments, change: Change) -> None:
    """Leave out what describes samples that changed, and move what lies at places in them."""
    stale = [key for key, _ in comments.pairs if is_stale_key(key)]
    comments.pairs = [pair for pair in comments.pairs if not is_stale_key(pair[0])]
    comments.lost += leave_out(stale)
    if comments.chunks:
        comments.flac_blocks = [block for block in comments.flac_blocks if not is_foreign(block)]
        comments.chunks, told = follow(comments.chunks, change)
        comments.lost += told
    if change.cut is None:
        return
    comments.points = [point.within(change.cut) for point in comments.points]
    for block in comments.flac_blocks:
        if isinstance(block, flac.CueSheet):
            shift_cue_sheet(block, change.cut)
    if any(block.code == _APPLICATION and block.data[:4] in _FOREIGN for block in comments.flac_blocks):
        comments.lost.append(
            "what the FLAC keeps of the file that it was made from (bext, cues) holds positions in the "
            "recording before it was trimmed"
        )


def _read_comments(old: BinaryIO, chunks: ChunkList | None) -> Comments:
    comments = Comments()
    try:
        if chunks is not None:
            for chunk in chunks.carried:
                _read_chunk(old, chunk, chunks.style, comments)
            comments.points = read_points(chunks.style, comments.point_chunks)
            comments.point_chunks = {}
        elif not _read_vorbis(old, comments):
            old.seek(0)
            au = read_au_header(old)
            if au:
                comments.add("COMMENT", [text_of(au.annotation)])
            else:
                read_mpeg_tags(old, comments)
    # A hostile tag makes mutagen raise nearly anything; no tag is worth losing a restoration.
    except Exception as error:
        comments.lose(f"tags could not be read ({' '.join(repr(error).split())})")
    return comments


def _read_chunk(old: BinaryIO, chunk: Chunk, style: ChunkStyle, comments: Comments) -> None:
    kind = chunk.identifier[:4]
    old.seek(chunk.start)
    payload = old.read(chunk.size) if chunk.size <= MAX_PARSED_BYTES else b""
    if kind == b"LIST" and payload[:4] == b"INFO":
        entries = _info_entries(payload[4:], style.size_code)
        for name, value in islice(entries, _MOST_ENTRIES):
            comments.add(_INFO.get(name, name), [text_of(value)])
        if next(entries, None) is not None:
            comments.lose(f"entries of chunk 'LIST' beyond the first {_MOST_ENTRIES} were not carried over")
    elif kind in (b"id3 ", b"ID3 ") and payload:
        read_id3(io.BytesIO(payload), comments)
    elif style is FORM and kind in _AIFF_TEXT and payload:
        comments.add(_AIFF_TEXT[kind], [text_of(payload)])
    elif style is CAF and kind == b"info" and payload:
        texts = [text_of(part) for part in payload[4:].split(b"\0", 2 * _MOST_ENTRIES)]
        for label, text in zip(texts[::2], texts[1::2], strict=False):
            key = label.upper().replace(" ", "")
            comments.add(_CAF_INFO.get(key, key), [text])
    elif payload and style is RIFF:
        comments.keep(ForeignChunk(kind, payload))
    elif payload and holds_points(style, kind, payload):
        comments.point_chunks.setdefault(kind, []).append(payload)
    else:
        comments.lost.append(f"chunk '{chunk.name}' has no place in the new container")


def _info_entries(payload: bytes, size_code: str) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at + 8 <= len(payload):
        size = struct.unpack(size_code, payload[at + 4 : at + 8])[0]
        yield payload[at : at + 4].decode("ascii", "replace").strip(), payload[at + 8 : at + 8 + size]
        at += 8 + size
        # Odd texts have a padding byte, which some writers forget: no name begins with a zero.
        at += size % 2 and not payload[at : at + 1].strip(b"\0")


def _read_vorbis(old: BinaryIO, comments: Comments) -> bool:
    """Read the comments of FLAC and Ogg as they are; return whether the file is one of them."""
    old.seek(0)
    found = mutagen.File(old, (flac.FLAC, oggopus.OggOpus, oggvorbis.OggVorbis))
    if found is None:
        return False
    for key, value in found.tags or ():
        if key.upper() == "METADATA_BLOCK_PICTURE":
            comments.pictures.append(flac.Picture(base64.b64decode(value)))
        else:
            comments.append(key, value)
    if isinstance(found, flac.FLAC):
        comments.pictures.extend(found.pictures)
        comments.flac_blocks.extend(b for b in found.metadata_blocks if b.code not in _FLAC_OWN)
        comments.chunks = read_foreign(comments.flac_blocks)
    return True
