"""What a file says about itself, written into a finished file of another kind; what has no place is told."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO

from mutagen import flac

from .chunks import CAF, FORM, RIFF, ChunkList, append_chunk
from .comments import Comments, CuePoint, ForeignChunk
from .cue_points import holds_points, point_chunks, read_points
from .foreign import foreign_blocks, is_foreign, points_of
from .id3_tags import make_id3

_MAX_FLAC_BLOCK = (1 << 24) - 1  # source: RFC 9639, section 8.1, sizes of 24 bits
# source: what the reference encoder leaves; so that a tag editor need not move the audio
_FLAC_PADDING = 8192
_CAF_KEYS = {
    "DATE": "recorded date", "COMMENT": "comments", "TRACKNUMBER": "track number",
    "ENCODER": "encoding application", "INITIALKEY": "key signature", "BPM": "tempo",
}  # fmt: skip
_PASSES = "was not carried over: the file would pass 4 GB"


def write_comments(comments: Comments, target: Path, new: BinaryIO, chunks: ChunkList | None) -> None:
    """Write them into the file `target`, open as `new`, which has these chunks; None: it has none.

    Raises
    ------
    OSError, mutagen.MutagenError
        The disk is full, say.
    """
    new.seek(0)
    if new.read(4) == b"fLaC":
        _write_flac(comments, target)
        return
    points = _points(comments)
    if any(not (comments.chunks and is_foreign(block)) for block in comments.flac_blocks):
        comments.lost.append("cue sheets and application blocks have no place in the new container")
    if chunks is not None and chunks.style is RIFF:
        for name, payload in comments.chunks:
            _append(comments, new, chunks, ForeignChunk(name, payload))
        points = [] if points_of(comments.chunks) else points
    else:
        others = [chunk for chunk in comments.chunks if not holds_points(RIFF, *chunk)]
        comments.lost += [f"chunk '{chunk.name}' has no place in the new container" for chunk in others]
    if chunks is not None and chunks.style is CAF:
        _write_caf_info(comments, new, chunks)
    elif comments.pairs or comments.pictures:
        _write_id3(comments, new, chunks)
    if points:
        _write_points(comments, points, new, chunks)


def _points(comments: Comments) -> list[CuePoint]:
    return comments.points or read_points(RIFF, points_of(comments.chunks))


def _append(comments: Comments, new: BinaryIO, chunks: ChunkList, chunk: ForeignChunk) -> None:
    if not append_chunk(new, chunks, chunk.identifier, len(chunk.payload), io.BytesIO(chunk.payload)):
        comments.lost.append(f"chunk '{chunk.name}' {_PASSES}")


def _write_points(
    comments: Comments, points: list[CuePoint], new: BinaryIO, chunks: ChunkList | None
) -> None:
    if chunks is None:
        comments.lost.append("cue points have no place in the new container")
        return
    made, lost = point_chunks(chunks.style, points)
    comments.lost += lost
    for chunk in made:
        _append(comments, new, chunks, ForeignChunk(*chunk))


def _write_caf_info(comments: Comments, new: BinaryIO, chunks: ChunkList) -> None:
    if comments.pictures:
        comments.lost.append("pictures have no place in the new container")
    if comments.pairs:
        said = [(_CAF_KEYS.get(key.upper(), key.lower()), value) for key, value in comments.pairs]
        texts = b"".join(text.replace("\0", " ").encode() + b"\0" for pair in said for text in pair)
        _append(comments, new, chunks, ForeignChunk(b"info", struct.pack(">I", len(said)) + texts))


def _write_flac(comments: Comments, target: Path) -> None:
    parts = (comments.pairs, comments.pictures, comments.flac_blocks, comments.chunks, comments.points)
    if not any(parts):
        return
    file = flac.FLAC(target)
    if file.tags is None:
        file.add_tags()
    # The comments' keys may hold only printable ASCII without '='.
    for key, value in comments.pairs:
        plain = "".join(letter for letter in key if " " <= letter <= "}" and letter != "=")
        file.tags.append((plain or "COMMENT", value))
    if len(file.tags.write()) > _MAX_FLAC_BLOCK:
        comments.lost.append("comments over 16 MB do not fit into FLAC")
        file.tags.clear()
    for picture in comments.pictures:
        if len(picture.write()) > _MAX_FLAC_BLOCK:
            comments.lost.append("a picture over 16 MB does not fit into FLAC")
        else:
            file.add_picture(picture)
    file.metadata_blocks.extend(comments.flac_blocks)
    if not any(map(is_foreign, comments.flac_blocks)):
        made = point_chunks(RIFF, comments.points)[0] if comments.points else []
        blocks, lost = foreign_blocks(comments.chunks or [ForeignChunk(*one) for one in made], file.info)
        comments.lost += lost
        file.metadata_blocks.extend(blocks)
    file.save(padding=lambda _: _FLAC_PADDING)


def _write_id3(comments: Comments, new: BinaryIO, chunks: ChunkList | None) -> None:
    if chunks is None or chunks.style not in (RIFF, FORM):
        comments.lost.append("tags have no place in the new container")
        return
    payload = io.BytesIO()
    try:
        make_id3(comments).save(payload, padding=lambda _: 0)
    except Exception as error:  # as when reading: what no tag can hold was in the source
        comments.lost.append(f"tags could not be translated ({' '.join(repr(error).split())})")
        return
    size = payload.seek(0, os.SEEK_END)
    payload.seek(0)
    if not append_chunk(new, chunks, b"id3 " if chunks.style is RIFF else b"ID3 ", size, payload):
        comments.lost.append("tags were not carried over: the file would pass 4 GB")
