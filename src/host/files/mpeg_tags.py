"""All tags of an MPEG file: ID3 before its sound, and ID3, APE and Lyrics3 behind it."""

import contextlib
import io
from typing import BinaryIO

from mutagen import apev2, flac, id3

from .comments import Comments
from .id3_tags import read_id3
from .trailing_tags import list_trailing_tags

_KEYS = {"TRACK": "TRACKNUMBER", "YEAR": "DATE", "DISC": "DISCNUMBER", "ALBUM ARTIST": "ALBUMARTIST"}
_NUMBERS = {"TRACKNUMBER": "TRACKTOTAL", "DISCNUMBER": "DISCTOTAL"}
_MOST_APE_BYTES = 64 << 20  # guard: of one tag
_MOST_APE_ITEMS = 4096  # guard: of one tag
_APE_FOOTER_BYTES = 32  # source: APEv2 specification
_LONGEST_APE_KEY = 255  # source: APEv2 specification
# source: APEv2's names, and ID3v2.4's numbers, section 4.14
_PICTURE_TYPES = {"COVER ART (FRONT)": 3, "COVER ART (BACK)": 4}


def read_mpeg_tags(file: BinaryIO, comments: Comments) -> None:
    """Add what the tags of an open MPEG file say; what is said twice is taken once.

    Raises
    ------
    Exception
        Nearly any, where a tag is damaged.
    """
    behind = list_trailing_tags(file)
    file.seek(0)
    has_id3 = file.read(3) == b"ID3"
    if has_id3:
        file.seek(0)
        read_id3(file, comments)
    for tag in behind:
        file.seek(tag.start)
        if tag.kind == "ID3v2":
            read_id3(io.BytesIO(file.read(tag.size)), comments)
        elif tag.kind == "APE" and tag.size > _MOST_APE_BYTES:
            comments.lose(
                f"an APE tag of {tag.size >> 20} MB was not carried over; "
                f"at most {_MOST_APE_BYTES >> 20} MB are read"
            )
        elif tag.kind == "APE":
            _read_ape(file.read(tag.size), comments)
        elif tag.kind == "Lyrics3":
            comments.lose("the Lyrics3 tag behind the sound was not carried over")
        elif not has_id3:
            _read_id3v1(io.BytesIO(file.read(tag.size)), comments)


def _read_id3v1(payload: io.BytesIO, comments: Comments) -> None:
    """Add what an ID3v1 tag says, whose texts are cut to 30 letters: not what begins a text already known."""
    short = Comments()
    with contextlib.suppress(id3.ID3NoHeaderError):
        read_id3(payload, short)
    known = list(comments.pairs)
    for key, value in short.pairs:
        if not any(key == other and text.startswith(value) for other, text in known):
            comments.add(key, [value])
    comments.lost += short.lost


def _read_ape(payload: bytes, comments: Comments) -> None:
    _check_ape(payload)
    for name, value in apev2.APEv2(io.BytesIO(payload)).items():
        key = _KEYS.get(name.upper(), name.upper())
        if isinstance(value, apev2.APETextValue):
            texts = list(value)
            if key in _NUMBERS:
                number, _, total = texts[0].partition("/")
                comments.add(_NUMBERS[key], [total])
                texts = [number]
            comments.add(key, texts)
        elif key in _PICTURE_TYPES and isinstance(value, apev2.APEBinaryValue):
            comments.pictures.append(_picture(_PICTURE_TYPES[key], value.value))
        else:
            comments.lose(f"APE item '{name}' has no place in the new container")


def _check_ape(payload: bytes) -> None:
    """Refuse items that mutagen, which reads a key letter by letter, would not come to the end of."""
    footer = payload[-_APE_FOOTER_BYTES:]
    at, end = len(payload) - int.from_bytes(footer[12:16], "little"), len(payload) - _APE_FOOTER_BYTES
    count = 0
    while 0 <= at < end:
        zero = payload.find(b"\0", at + 8, at + 9 + _LONGEST_APE_KEY)
        count += 1
        if zero < 0:
            raise apev2.error(f"a key of an APE tag is longer than {_LONGEST_APE_KEY} letters")
        if count > _MOST_APE_ITEMS:
            raise apev2.error(f"an APE tag of more than {_MOST_APE_ITEMS} items is not read")
        at = zero + 1 + int.from_bytes(payload[at : at + 4], "little")


def _picture(kind: int, value: bytes) -> flac.Picture:
    """Return a picture of an APE tag: the name of its file, a zero, the file."""
    made = flac.Picture()
    name, _, made.data = value.partition(b"\0")
    made.type, made.desc = kind, name.decode("utf-8", "replace")
    made.mime = "image/png" if made.data.startswith(b"\x89PNG") else "image/jpeg"
    return made
