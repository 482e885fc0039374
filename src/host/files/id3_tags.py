"""ID3 tags, translated from and into comments."""

from typing import Any, BinaryIO

from mutagen import flac, id3

from .comments import Comments

_MAX_INFLATED_BYTES = 256 << 20  # guard: of a frame that was deflated
_DEFLATE_RATIO = 1032  # source: RFC 1951; no byte becomes more: 258 bytes take two bits at least
_PICTURE_TYPES = 21  # source: ID3v2.4, section 4.14
# mutagen copies the rest of a tag for each frame and the rest of a frame for each text in it, compares alike
# frames and texts with one another, and reads UTF-16 letter by letter.
_MOST_TAG_BYTES = 64 << 20  # guard: of one tag
_MOST_FRAMES = 512  # guard: of one tag
_MOST_COPIED_BYTES = 1 << 31  # guard: of all frames together: 60 frames beside pictures of 34 MB
_MOST_TEXTS = 4096  # guard: of one frame
_MOST_SLOW_BYTES = 2 << 20  # guard: of what takes more than linear time to read

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
    """A frame that is not read where a tag's frames might fill the memory, or take too long.

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

    def _readData(self, header: Any, data: bytes) -> None:  # noqa: N802 - mutagen's name
        _count_texts(self, header, data)
        frame: Any = super()
        frame._readData(header, data)


def _count_texts(frame: Any, header: Any, data: bytes) -> None:
    """Raise NotImplementedError where the texts of a tag are more than are read."""
    wide = data[:1] in (b"\1", b"\2")
    if isinstance(frame, id3.APIC):
        if wide and len(data) > _MOST_SLOW_BYTES and data.find(b"\0\0", 0, _MOST_SLOW_BYTES) < 0:
            raise NotImplementedError
    elif not isinstance(frame, id3.PRIV):
        texts = getattr(header, "texts", 0) + data.count(b"\0\0" if wide else b"\0")
        slow = wide or isinstance(frame, id3.TCON)  # whose genres are looked for one by one
        slow_bytes = getattr(header, "slow_bytes", 0) + len(data) * slow
        if texts > _MOST_TEXTS or slow_bytes > _MOST_SLOW_BYTES:
            raise NotImplementedError
        header.texts, header.slow_bytes = texts, slow_bytes


def _bounded_v22(frame: Any) -> Any:
    """Return a frame of ID3v2.2 that counts its texts; mutagen upgrades it to the base of its class."""
    if not issubclass(frame, id3.TextFrame | id3.PairedTextFrame):
        return frame

    def read(self: Any, header: Any, data: bytes) -> None:
        _count_texts(self, header, data)
        frame._readData(self, header, data)

    return type(frame.__name__, (frame.__base__,), {"_readData": read})


_UNREAD = ("CHAP", "CTOC", "GEOB", "SYLT")  # they have no place anywhere else, and the first two hold frames
_KNOWN_FRAMES = {name: _bounded_v22(frame) for name, frame in id3.Frames_2_2.items()} | {
    name: type(name, (_Bounded, frame), {}) for name, frame in id3.Frames.items() if name not in _UNREAD
}


class LimitedID3(id3.ID3):  # type: ignore[misc]
    """The tags of a file, refused with `mutagen.id3.error` where to read them would take too long."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, known_frames=_KNOWN_FRAMES)

    def _read(self, header: Any, data: bytes) -> Any:
        count = _frame_count(header, data)
        most = min(_MOST_TAG_BYTES, _MOST_COPIED_BYTES // max(count, 1))
        if count > _MOST_FRAMES or len(data) > most:
            raise id3.error(
                f"an ID3 tag of {count} frames{' or more' if count > _MOST_FRAMES else ''} "
                f"and {len(data) / 2**20:.1f} MB is not read; at most {_MOST_FRAMES} frames are, "
                f"and {most >> 20} MB where there are so many"
            )
        return super()._read(header, data)


def _frame_count(header: Any, data: bytes) -> int:
    """Count frames as mutagen walks them, whichever way their sizes are written; stop beyond the limit."""
    if header.version < (2, 4, 0) and header.f_unsynch:
        data = data.replace(b"\xff\0", b"\xff")
    if header.version < (2, 3, 0):
        return _walked(data, 6, slice(3, 6), 8)
    return max(_walked(data, 10, slice(4, 8), 8), _walked(data, 10, slice(4, 8), 7))


def _walked(data: bytes, head: int, size: slice, bits: int) -> int:
    at = count = 0
    while at + head <= len(data) and count <= _MOST_FRAMES and any(data[at : at + size.start]):
        length = 0
        for byte in data[at + size.start : at + size.stop]:
            length = length << bits | byte & (1 << bits) - 1
        at += head + length
        count += 1
    return count


def read_id3(file: BinaryIO, comments: Comments) -> None:
    """Add what a file's ID3 tags say.

    Raises
    ------
    mutagen.id3.ID3NoHeaderError
        The file has none.
    Exception
        Nearly any, where a tag is damaged.
    """
    tags = LimitedID3(file)
    for frame in tags.values():
        _read_frame(frame, comments)
    name_bytes = 3 if tags.version < (2, 3, 0) else 4
    for unread in tags.unknown_frames:
        _lose(unread[:name_bytes].decode("ascii", "replace"), comments)


def frame_names(file: BinaryIO) -> set[str]:
    """Return the names of all frames in a file's ID3 tag; none where it has none."""
    try:
        tags = LimitedID3(file)
    # A hostile tag makes mutagen raise nearly anything; nothing is known of such a one.
    except Exception:
        return set()
    unread = {frame[:4].decode("ascii", "replace") for frame in tags.unknown_frames}
    return {frame.FrameID for frame in tags.values()} | unread


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
    comments.lose(f"ID3 frame '{name}' has no place in the new container")


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
