"""A film's file, opened: what is in it, and its packets as they stand.

Everything goes through the one open file of a `SourceFile`, and it is read as nothing but the kind of file
that it begins as: other kinds that FFmpeg knows lead to other files and to the network.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from ....errors import AudioFileError
from ..source_file import SourceFile
from .kinds import Kind, kind_of, other_film

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.stream import Stream

_BUFFER_BYTES = 1 << 18  # guard: memory; read, and written, at once
_MICROSECOND = Fraction(1, 1_000_000)  # source: FFmpeg's AV_TIME_BASE
INTO_MATROSKA = "put it into a Matroska file first: ffmpeg -i FILE -map 0 -c copy FILE.mkv"
"""What to do with a film of which something cannot be done."""


def is_film(source: SourceFile) -> bool:
    """Whether an open file begins as a film; raises `AudioFileError` for one of a kind that is not read."""
    with source.open() as file:
        if kind_of(file):
            return True
        file.seek(0)
        if other := other_film(file):
            raise AudioFileError(f"{source.path}: is {other}, which is not read; {INTO_MATROSKA}")
    return False


def needed(path: object) -> Any:
    """Return PyAV; raises `AudioFileError` where it is not there."""
    try:
        import av  # noqa: PLC0415 - it takes a while, and few need it
    except ImportError:
        raise AudioFileError(
            f"{path}: is a film, and for those PyAV is needed: pip install 'wavemend[video]'"
        ) from None
    return av


def film_versions() -> dict[str, str]:
    """Return what a film's bytes depend on: versions of PyAV, and of what codes and writes in FFmpeg."""
    import av  # noqa: PLC0415

    libraries = {
        name: ".".join(map(str, av.library_versions[name])) for name in ("libavcodec", "libavformat")
    }
    return {"av": av.__version__, **libraries}


def reason(error: BaseException) -> str:
    """Return what FFmpeg says of an error, in a few words."""
    return str(getattr(error, "strerror", "") or error)


class PlainFile:
    """A Python file as PyAV takes one: what it raises is kept, and raised once FFmpeg has returned.

    FFmpeg would else take a read that failed for the end, and an interrupt would be lost.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._raised: list[BaseException] = []
        self.seek, self.tell = self._kept(file.seek), self._kept(file.tell)
        if file.readable():
            self.read = self._kept(file.read)
        if file.writable():
            self.write = self._kept(file.write)

    def _kept(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if self._raised:
                raise OSError("a call before this one failed")
            try:
                return work(*arguments)
            except ValueError as error:  # damaged headers lead anywhere
                raise OSError(os.strerror(22)) from error
            except BaseException as error:
                self._raised.append(error)
                raise OSError("kept") from error

        return call

    def raise_kept(self) -> None:
        """Raise what the file raised."""
        if self._raised:
            raise self._raised[0]


class Film:
    """A film, open for reading.

    Parameters
    ----------
    source
        The file; it stays open when the film is closed.

    Attributes
    ----------
    kind
        What it begins as.
    container
        As PyAV has it.
    sounds
        Its sound tracks, in order.
    damage
        Why reading ended before the end; empty where it did not.

    Raises
    ------
    AudioFileError
        It cannot be read, or PyAV is not there.
    """

    def __init__(self, source: SourceFile) -> None:
        self.source, self.damage = source, ""
        av = needed(source.path)
        with source.open() as file:
            kind = kind_of(file)
        if kind is None:
            raise AudioFileError(f"{source.path}: is no film that can be read")
        self.kind: Kind = kind
        self._file = PlainFile(source.view())
        with self._said("cannot be opened"):
            self.container: Any = av.open(
                self._file,
                "r",
                format=kind.demuxer,
                container_options={"format_whitelist": kind.demuxer, "protocol_whitelist": "none"},
                metadata_errors="surrogateescape",
                buffer_size=_BUFFER_BYTES,
            )
        self.sounds: tuple[AudioStream, ...] = tuple(self.container.streams.audio)

    @property
    def seconds(self) -> float:
        """How long it says it is; 0 where it does not."""
        return float(max(0, self.container.duration or 0) * _MICROSECOND)

    def sound(self, number: int | None) -> AudioStream:
        """Return a sound track, counted from 1; None: the one that players play.

        Raises
        ------
        AudioFileError
            There is no such track, or it cannot be decoded.
        """
        path, count = self.source.path, len(self.sounds)
        if not count:
            raise AudioFileError(f"{path}: has no sound track; there is nothing to restore")
        if number is not None and not 1 <= number <= count:
            tracks = f"tracks 1 to {count}" if count > 1 else "one track"
            raise AudioFileError(f"{path}: track {number} is not there; its sound has {tracks}")
        chosen = self.sounds[number - 1] if number else self._usual()
        if chosen.codec_context is None:
            raise AudioFileError(f"{path}: track {self.number(chosen)} is coded as nothing here can decode")
        return chosen

    def _usual(self) -> AudioStream:
        marked = (one for one in self.sounds if int(one.disposition) & 1)  # source: AV_DISPOSITION_DEFAULT
        return next(marked, self.sounds[0])

    def number(self, sound: Stream) -> int:
        """Return the number of a sound track, counted from 1."""
        return 1 + [one.index for one in self.sounds].index(sound.index)

    def packets(self) -> Iterator[Packet[Any]]:
        """Yield the packets of all tracks as they lie in the file, then one without bytes of each track.

        Where the file is damaged so that nothing behind can be read, they end, and `damage` says so.

        Raises
        ------
        AudioFileError
            The disk does not give what is on it.
        """
        import av  # noqa: PLC0415

        try:
            yield from self.container.demux(*self.container.streams)
        except (av.error.FFmpegError, OSError) as error:
            self.damage = reason(error)
        self._file.raise_kept()

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """Raise what FFmpeg does as an `AudioFileError`."""
        import av  # noqa: PLC0415

        try:
            yield
        except (av.error.FFmpegError, ValueError, OSError) as error:
            self._file.raise_kept()
            self.source.check()
            raise AudioFileError(
                f"{self.source.path}: {what} as {self.kind.name} ({reason(error)}); it may be cut short: "
                "copy it again, or have the program that made it repair it"
            ) from error

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self.container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
