"""ID3 tags, translated from and into comments."""

from typing import Any, BinaryIO

from mutagen import flac, id3

from .comments import Comments

_MAX_INFLATED_BYTES = 256 << 20
_DEFLATE_RATIO = 1032  # no byte becomes more: 258 bytes take two bits at least
_PICTURE_TYPES = 21

_KEYS = {
    "TIT1": "GROUPING", "TIT2": "TITLE", "TIT3": "SUBTITLE", "TPE1": "ARTIST", "TPE2": "ALBUMARTIST",
    "TPE3": "CONDUCTOR", "TPE4": "REMIXER", "TALB": "ALBUM", "TCOM": "COMPOSER", "TEXT": "LYRICIST",
    "TRCK": "TRACKNUMBER", "TPOS": "DISCNUMBER", "TDRC": "DATE", "TDOR": "ORIGINALDATE",
    "TCOP": "COPYRIGHT", "TPUB": "ORGANIZATION", "TSRC": "ISRC", "TENC": "ENCODED-BY", "TSSE": "ENCODER",
    "TBPM": "BPM", "TLAN": "LANGUAGE", "TKEY": "INITIALKEY", "TMED": "MEDIA", "TMOO": "MOOD",
    "TSOA": "ALBUMSORT", "TSOP": "ARTISTSORT", "TSOT": "TITLESORT", "TSST": "DISCSUBTITLE",
    "TCMP": "COMPILATION",
}  # fmt: skip
_FRAMES = {key: frame for frame, key in _KEYS.items()}


class _Bounded:
    """A frame that is not inflated where a tag's compressed frames might fill the memory.

    mutagen keeps a frame that raises NotImplementedError, unread, among the unknown ones.
    """

    @classmethod
    def _fromData(cls, header: Any, flags: int, data: bytes) -> Any:  # noqa: N802 - mutagen's name
        frame: Any = super()
        compressed = id3.Frame.FLAG24_COMPRESS if header.version >= (2, 4, 0) else id3.Frame.FLAG23_COMPRESS
        if flags & compressed:
            header.compressed_bytes = getattr(header, "compressed_bytes", 0) + len(data)
            if header.compressed_bytes * _DEFLATE_RATIO > _MAX_INFLATED_BYTES:
                raise NotImplementedError
        return frame._fromData(header, flags, data)


_KNOWN_FRAMES = id3.Frames_2_2 | {
    name: type(name, (_Bounded, frame), {}) for name, frame in id3.Frames.items()
}


def read_id3(file: BinaryIO, comments: Comments) -> None:
    """Add what a file's ID3 tags say.

    Raises
    ------
    mutagen.id3.ID3NoHeaderError
        The file has none.
    Exception
        Nearly any, where a tag is damaged.
    """
    tags = id3.ID3(file, known_frames=_KNOWN_FRAMES)
    for frame in tags.values():
        _read_frame(frame, comments)
    name_bytes = 3 if tags.version < (2, 3, 0) else 4
    for unread in tags.unknown_frames:
        _lose(unread[:name_bytes].decode("ascii", "replace"), comments)


def _read_frame(frame: Any, comments: Comments) -> None:
    name = frame.FrameID
    if name == "APIC":
        picture = flac.Picture()
        for part in ("type", "mime", "desc", "data"):
            setattr(picture, part, getattr(frame, part))
        comments.pictures.append(picture)
    elif name in ("TRCK", "TPOS"):
        number, _, total = str(frame).partition("/")
        comments.add(_KEYS[name], [number])
        comments.add("TRACKTOTAL" if name == "TRCK" else "DISCTOTAL", [total])
    elif name == "TCON":
        comments.add("GENRE", frame.genres)
    elif name in _KEYS:
        comments.add(_KEYS[name], frame.text)
    elif name == "TXXX":
        comments.add(frame.desc.upper().replace("=", "-") or "COMMENT", frame.text)
    elif name == "COMM":
        # iTunes keeps figures of its own in comments: iTunNORM, iTunSMPB, iTunes_CDDB_1.
        is_own = frame.desc.upper().startswith("ITUN")
        comments.add(frame.desc.upper() if is_own else "COMMENT", frame.text)
    elif name == "USLT":
        comments.add("LYRICS", [frame.text])
    elif name in ("TIPL", "TMCL"):
        comments.add("PERFORMER", (f"{person} ({role})" for role, person in frame.people))
    elif name.startswith("W"):
        comments.add("URL", [frame.url])
    else:
        _lose(name, comments)


def _lose(name: str, comments: Comments) -> None:
    comments.lost.append(f"ID3 frame '{name}' has no place in the new container")


def make_id3(comments: Comments) -> Any:
    """Return comments and pictures as `mutagen.id3.ID3`."""
    tags = id3.ID3()
    values: dict[str, list[str]] = {}
    for key, value in comments.pairs:
        values.setdefault(key.upper(), []).append(value)
    for key, texts in values.items():
        tags.add(_make_frame(key, texts))
    for number, picture in enumerate(comments.pictures):
        frame = id3.APIC(
            encoding=3,
            mime=picture.mime.encode("ascii", "replace").decode(),
            type=picture.type if picture.type < _PICTURE_TYPES else id3.PictureType.OTHER,
            desc=picture.desc,
            data=picture.data,
        )
        frame.salt = str(number)  # keeps pictures of the same description apart
        tags.add(frame)
    return tags


def _make_frame(key: str, texts: list[str]) -> Any:
    if key == "COMMENT":
        return id3.COMM(encoding=3, lang="XXX", desc="", text=texts)
    if key == "LYRICS":
        return id3.USLT(encoding=3, lang="XXX", desc="", text="\n".join(texts))
    if key == "GENRE":
        return id3.TCON(encoding=3, text=texts)
    if key in _FRAMES:
        frame = id3.Frames[_FRAMES[key]](encoding=3, text=texts)
        # A time stamp drops what is no time: "circa 1931".
        if [str(text) for text in frame.text] == texts:
            return frame
    return id3.TXXX(encoding=3, desc=key, text=texts)
