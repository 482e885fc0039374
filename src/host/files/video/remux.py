"""A film written anew: every packet copied as it is, but for those of the sound that was restored.

::

    film.mkv  --packets-->  pictures, other sound, subtitles  ------------------->  restored film
              --TrackFile-->  samples  -- restored elsewhere -->  SoundPackets  -->
"""

from __future__ import annotations

import contextlib
import io
from array import array
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ....errors import AudioFileError
from ..audio_reader import AudioReader
from ..source_file import SourceFile
from ..stale_metadata import is_stale_key
from ..syncing import sync
from .decoding import Coded
from .encoding import Coding, SoundPackets, coding_for, set_up
from .film import INTO_MATROSKA, Film, PlainFile, reason
from .kinds import AVI, MATROSKA, MP4, Kind

_AHEAD_S = Fraction(
    1, 2
)  # guard: memory; so far the sound goes before the pictures while they are interleaved
_BUFFER_BYTES = 1 << 18  # guard: memory; written at once
_MOVIE_TICKS = "90000"  # source: the clock of MPEG systems, ISO 13818-1; a start is told to 11 us
_ATTACHED = 1024  # source: FFmpeg's AV_DISPOSITION_ATTACHED_PIC
_UNUSED = 48  # source: FFmpeg's AVDISCARD_ALL
# What Matroska's statistics tell of packets that are other ones now (mkvmerge), with endings for languages.
_STATISTICS = ("BPS", "DURATION", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES", "_STATISTICS")


@dataclass(frozen=True)
class Restored:
    """A sound track that was restored.

    Attributes
    ----------
    index
        Of the track among all that the film holds.
    coded
        How it was.
    path
        Sound file of the restored samples.
    first
        Number of the sample of the track that it begins with: more than 0 where the beginning was trimmed.
    """

    index: int
    coded: Coded
    path: Path
    first: int = 0


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes
    ----------
    codings
        How each restored track is coded.
    tracks
        Numbers of the source's tracks that are in the film that was written, in their order there.
    copied
        What the packets of copied tracks were, by the numbers of those in the source.
    left_out
        Tracks that the container does not take, in words.
    told
        What a person should know.
    """

    codings: list[Coding]
    tracks: list[int]
    copied: dict[int, Packets]
    left_out: list[str]
    told: list[str]


class Packets:
    """What packets of one track were: a hash of their bytes, and their times in `units` of seconds."""

    def __init__(self) -> None:
        self._digest = blake2b()
        self._stamps = array("q")
        self.units: set[Fraction] = set()

    def add(self, packet: Any) -> None:
        """Note one packet."""
        self._digest.update(packet.size.to_bytes(8, "little"))
        self._digest.update(packet)
        is_attached = int(packet.stream.disposition) & _ATTACHED  # a picture at no time of its own
        stamp = packet.pts if packet.pts is not None else packet.dts
        self._stamps.append(0 if stamp is None or is_attached else stamp)
        self.units.add(packet.time_base)

    def same_bytes(self, other: Packets) -> bool:
        """Whether all packets have the bytes that those of `other` have."""
        return self._digest.digest() == other._digest.digest()

    def apart_s(self, other: Packets) -> float:
        """Return how far, at most, times are from those of `other`, in seconds."""
        if not self._stamps:
            return 0.0
        (mine,), (theirs,) = self.units, other.units
        return float(
            max(abs(a * mine - b * theirs) for a, b in zip(self._stamps, other._stamps, strict=True))
        )


def put_back(
    source: SourceFile,
    target: Path,
    kind: Kind,
    tracks: Sequence[Restored],
    tell: Callable[[float], None] = lambda share: None,
) -> Written:
    """Write the film `source` into the file `target`, with restored sound in the place of what it had.

    Parameters
    ----------
    source
        The film.
    target
        An existing file; what is in it is lost.
    kind
        Of the film that is written.
    tracks
        What was restored.
    tell
        Called with the share that is done, and may raise.

    Raises
    ------
    AudioFileError
        The disk is full, or the container does not take the pictures.
    """
    import av  # noqa: PLC0415

    with ExitStack() as stack:
        film = stack.enter_context(Film(source))
        file = stack.enter_context(target.open("r+b", buffering=0))
        file.truncate()
        plain = PlainFile(file)
        out = av.open(
            plain, "w", format=kind.muxer, container_options=_options(film, kind),
            metadata_errors="surrogateescape", buffer_size=_BUFFER_BYTES,
        )  # fmt: skip
        try:
            written = _Writing(stack, film, out, kind, tracks).run(tell)
            out.close()
        except AudioFileError:
            raise
        except (av.error.FFmpegError, ValueError, OSError) as error:
            plain.raise_kept()
            source.check()
            raise AudioFileError(
                f"{source.path}: cannot be written as {kind.name} ({reason(error)}); its time stamps may be "
                f"damaged: have the program that made it repair it, or {INTO_MATROSKA}"
            ) from error
        finally:
            with contextlib.suppress(Exception):  # a second time it does nothing; else the first error counts
                out.close()
        plain.raise_kept()
        sync(file.fileno())
    return written


def _options(film: Film, kind: Kind) -> dict[str, str]:
    options = {"fflags": "+bitexact"}  # no number drawn by chance, so that the same film has the same bytes
    if kind.demuxer != "mov":
        return options
    # A time code needs a rate that PyAV does not copy.
    options |= {"movie_timescale": _MOVIE_TICKS, "write_tmcd": "0"}
    # MOV has room for tags of any name besides its own; MP4 for the ones or the others.
    if kind is not MP4 or any(key.startswith("com.") for key in film.container.metadata):
        options["movflags"] = "use_metadata_tags"
    return options


class _Writing:
    """The work of one `put_back` call."""

    def __init__(
        self, stack: ExitStack, film: Film, out: Any, kind: Kind, tracks: Sequence[Restored]
    ) -> None:
        self._film, self._out, self._kind = film, out, kind
        self._sounds: list[SoundPackets] = []
        self._copies: dict[int, Any] = {}
        self._written = Written([], [], {}, [], [])
        restored = {track.index: track for track in tracks}
        self._replaced = set(restored)
        chapters = film.container.chapters()
        covers = _covers(film) if kind.demuxer == MATROSKA.demuxer else {}
        for stream in film.container.streams:
            if stream.index in restored:
                self._add_sound(stack, stream, restored[stream.index])
            elif stream.index in covers:
                self._add_cover(stream, covers[stream.index])
            elif is_used(stream):
                self._add_copy(stream)
        out.metadata.update(_kept_tags(film.container.metadata))
        if chapters:
            out.set_chapters(chapters)

    def _add_sound(self, stack: ExitStack, stream: Any, track: Restored) -> None:
        reader = stack.enter_context(AudioReader(track.path))
        coding, said = coding_for(self._kind, track.coded, reader.format)
        if said:
            self._written.told.append(f"sound track {self._film.number(stream)}: {said}")
        made = self._out.add_stream(coding.encoder, rate=track.coded.sample_rate)
        set_up(made.codec_context, coding, track.coded)
        made.time_base = Fraction(1, track.coded.sample_rate)
        made.metadata.update(
            {key: text for key, text in _named(_kept_tags(stream.metadata)).items() if not is_statistics(key)}
        )
        made.disposition = stream.disposition
        sound = SoundPackets(made, coding, track.coded, reader, track.first, whole_frames=self._kind is AVI)
        self._sounds.append(sound)
        self._written.codings.append(coding)
        self._written.tracks.append(stream.index)

    def _add_cover(self, stream: Any, picture: bytes) -> None:
        """Attach a picture again: written as a track it would be pictures of the film."""
        tags = {key.lower(): text for key, text in stream.metadata.items()}
        name = tags.get("filename", "cover")
        self._out.add_attachment(name, tags.get("mimetype", "application/octet-stream"), picture)

    def _add_copy(self, stream: Any) -> None:
        same_kind = self._kind.muxer == self._film.kind.muxer
        if stream.type == "data" and "timecode" in stream.metadata:
            self._written.left_out.append(f"time code {stream.metadata['timecode']}")
            return
        if not _takes(self._kind, stream, same_kind):
            what = f"{stream.type} track {stream.index} ({stream.name or 'of a coding without a name'})"
            if stream.type == "video":
                raise AudioFileError(
                    f"{self._film.source.path}: {what} cannot be put into {self._kind.name}; {INTO_MATROSKA}"
                )
            self._written.left_out.append(what)
            return
        made = _copy_of(stream, self._out, same_kind)
        self._copies[stream.index] = made
        self._written.tracks.append(stream.index)
        if stream.type != "attachment":
            self._written.copied[stream.index] = Packets()

    def run(self, tell: Callable[[float], None]) -> Written:
        """Write everything."""
        self._out.start_encoding()
        seconds, reached = self._film.seconds, Fraction(0)
        for packet in self._film.packets():
            if packet.dts is None and not packet.size:
                continue
            index = packet.stream.index
            if (time := packet.dts if packet.dts is not None else packet.pts) is not None:
                reached = max(reached, time * packet.time_base)
                tell(min(float(reached) / seconds, 1.0) if seconds else 0.0)
            self._put_sound(reached + _AHEAD_S)
            if index in self._copies:
                self._written.copied[index].add(packet)
                packet.stream = self._copies[index]
                self._out.mux_one(packet)
        self._put_sound(None)
        return self._written

    def _put_sound(self, time: Fraction | None) -> None:
        for sound in self._sounds:
            for packet in sound.until(time):
                self._out.mux_one(packet)


def _covers(film: Film) -> dict[int, bytes]:
    """Return pictures that are attached, by the number of the track that each stands for."""
    wanted = {one.index for one in film.container.streams.video if int(one.disposition) & _ATTACHED}
    covers: dict[int, bytes] = {}
    with Film(film.source) as again:
        packets = again.packets() if wanted else iter(())
        while wanted - covers.keys() and (packet := next(packets, None)) and packet.size:
            if packet.stream.index in wanted:
                covers[packet.stream.index] = bytes(packet)
    return covers


def _takes(kind: Kind, stream: Any, same_kind: bool) -> bool:
    """Whether a kind of film takes a track: whether its header can be written with that alone."""
    import av  # noqa: PLC0415

    try:
        with av.open(io.BytesIO(), "w", format=kind.muxer, metadata_errors="surrogateescape") as trial:
            _copy_of(stream, trial, same_kind)
            trial.start_encoding()
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _copy_of(stream: Any, out: Any, same_kind: bool) -> Any:
    """Add a track like `stream` to a film; of the same kind it keeps its tag, by which some players go."""
    made = out.add_stream_from_template(stream, opaque=True)
    if made.codec_context is not None and same_kind:
        with contextlib.suppress(ValueError):  # one that holds other characters
            made.codec_context.codec_tag = stream.codec_context.codec_tag
    made.time_base = stream.time_base
    made.metadata.update(_named(stream.metadata))
    made.disposition = stream.disposition
    return made


def is_used(stream: Any) -> bool:
    """Whether a track is one of its own: what holds titles of chapters is read, and written, with these."""
    return int(stream.discard) < _UNUSED


def _named(tags: dict[str, str]) -> dict[str, str]:
    """Return tags of a track as muxers take them: MP4's is read as its name, and written as its title."""
    return tags | ({"title": tags["name"]} if "name" in tags and "title" not in tags else {})


def _kept_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return what still holds of samples that changed."""
    return {key: text for key, text in tags.items() if not is_stale_key(key)}


def is_statistics(key: str) -> bool:
    """Whether a tag of Matroska tells how many packets a track has, and how large ones."""
    return key.upper().startswith(_STATISTICS)
