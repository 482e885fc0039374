"""Read and write sound files block by block, to the bit, through libsndfile.

Samples are float64 everywhere, full scale is 1.0, arrays are (channels, n). Integers of up to
32 bits and both float widths come through unchanged. What a repair moved off the target's grid
is dithered, and only that.
"""

import contextlib
import io
import math
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import soundfile
from numba import njit

from ..analysis.framing import Audio
from ..errors import AudioFileError, AudioShapeError, AudioValueError
from .tags import W64, list_chunks

MAX_CHANNELS = 64
MAX_SAMPLE_RATE = 768_000
_CONTAINERS = {
    ".wav": "WAV", ".wave": "WAV", ".bwf": "WAV", ".rf64": "RF64", ".w64": "W64", ".flac": "FLAC",
    ".aiff": "AIFF", ".aif": "AIFF", ".aifc": "AIFF", ".caf": "CAF", ".au": "AU", ".snd": "AU",
}  # fmt: skip
AUDIO_SUFFIXES = frozenset((*_CONTAINERS, ".ogg", ".oga", ".opus", ".mp3", ".mp2"))
"""Endings of the files that are taken for sound when a whole folder is named."""

_BITS = {
    "PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32,
    "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32,
}  # fmt: skip
# libsndfile 1.2.2 makes noise of the ALAC frames that did not compress, except in 16 bits, and its ALAC
# encoder crashes on a full disk: we read the 16 bits and write none.
_DAMAGED_BY_LIBSNDFILE = frozenset(("ALAC_20", "ALAC_24", "ALAC_32"))
# Subtypes to write instead, in this order, where a container has the first one not.
_SAME_WORD = {
    "PCM_S8": ("PCM_S8", "PCM_U8"), "PCM_U8": ("PCM_U8", "PCM_S8"), "ALAC_16": ("PCM_16",),
    "ALAC_20": ("PCM_24",), "ALAC_24": ("PCM_24",), "ALAC_32": ("PCM_32",),
}  # fmt: skip
_FLOAT_BYTES = {"FLOAT": 4, "DOUBLE": 8}
_LARGEST = {"FLOAT": float(np.finfo(np.float32).max), "DOUBLE": float(np.finfo(np.float64).max)}
_ONE_WORD_UP = {8: "PCM_16", 16: "PCM_24", 24: "PCM_32"}
_WAV_KIND = ("WAV", "WAVEX", "RF64")
_WRITABLE = frozenset((*_WAV_KIND, *_CONTAINERS.values()))
# These give sizes in 32 bits; what the data may not take is left for tags and chunks.
_LIMITED = frozenset(("WAV", "WAVEX", "AIFF", "AU"))
_MAX_DATA_BYTES = (1 << 32) - (64 << 20)
_PIECE = 1 << 20  # frames decoded at once, so that a header that lies cannot make us allocate
_UNKNOWN_FRAMES = 1 << 60

_SYSTEM_ERROR = 2
_SFC_SET_ADD_PEAK_CHUNK = 0x1050
_SFC_GET_CHANNEL_MAP_INFO = 0x1100
_SFC_SET_CHANNEL_MAP_INFO = 0x1101
# soundfile's own read and write seek before and after each call, which is slow, restarts some decoders and
# fails in streams of unknown length; its handle to libsndfile does without.
_snd, _ffi = soundfile._snd, soundfile._ffi


class AudioOverError(AudioFileError):
    """Audio beyond full scale that the file's integers cannot hold; nothing of the block was written.

    Attributes
    ----------
    path : Path
        The file that was being written.
    peak : float
        Largest absolute sample so far, gain included, full scale 1.0. Write again from the start
        with `AudioFormat.float_output`, or with a gain that brings the whole recording's peak
        to 1.0.
    """

    def __init__(self, message: str, path: Path, peak: float) -> None:
        super().__init__(message)
        self.path, self.peak = path, peak


@dataclass(frozen=True)
class AudioFormat:
    """What a sound file is, or will be, in libsndfile's terms."""

    container: str
    subtype: str
    sample_rate: int
    channels: int
    endian: str = "FILE"
    channel_map: tuple[int, ...] = ()
    """Loudspeaker of each channel as libsndfile numbers them; empty where the file does not say."""

    @property
    def bits(self) -> int | None:
        """Word size of integer samples; None for floats and for lossy coding."""
        return _BITS.get(self.subtype)

    @property
    def is_integer(self) -> bool:
        """Whether samples are integers, losslessly kept."""
        return self.bits is not None

    @property
    def is_lossless(self) -> bool:
        """Whether decoding gives back exactly what was encoded."""
        return self.is_integer or self.subtype in _FLOAT_BYTES

    @property
    def extension(self) -> str:
        """Usual ending of the file's name, with its dot."""
        if self.container in _WAV_KIND:
            return ".wav"
        usual = {container: suffix for suffix, container in reversed(_CONTAINERS.items())}
        return usual.get(self.container, ".opus" if self.subtype == "OPUS" else f".{self.container.lower()}")

    def lossless_output(self, frames: int | None = None) -> "AudioFormat":
        """Format of the restored file: the same container, rate and depth where that is lossless.

        A lossy source becomes 24-bit FLAC, or 24-bit WAV beyond FLAC's eight channels. A rare
        container becomes WAV. With `frames`, what would pass 4 GB becomes RF64.
        """
        if not self.is_lossless:
            return AudioFormat("FLAC", "PCM_24", self.sample_rate, self.channels)._fitting(frames)
        return self._fitting(frames)

    def one_word_up(self, frames: int | None = None) -> "AudioFormat":
        """Format for differences between two files of this one: the next larger word.

        8 bits become 16, 16 become 24, 24 become 32; 32 bits and floats become doubles. Where the
        container has no such word (FLAC), WAV or RF64 does.
        """
        base = self.lossless_output()
        return replace(base, subtype=_ONE_WORD_UP.get(base.bits or 0, "DOUBLE"))._fitting(frames)

    def float_output(self, frames: int | None = None) -> "AudioFormat":
        """Format that keeps overs: floats that hold this format's whole grid, WAV for FLAC."""
        base = self.lossless_output()
        return replace(base, subtype="FLOAT" if (base.bits or 64) <= 24 else "DOUBLE")._fitting(frames)

    def with_suffix(self, suffix: str, frames: int | None = None) -> "AudioFormat":
        """Format of this depth and rate in the container that a file's ending asks for.

        Raises
        ------
        AudioFileError
            No lossless container has that ending, or it cannot hold this depth.
        """
        base, container = self.lossless_output(), _CONTAINERS.get(suffix.lower())
        if not suffix or container == base.container or (container == "WAV" and base.container in _WAV_KIND):
            return base._fitting(frames)
        if container is None:
            endings = ", ".join(_CONTAINERS)
            raise AudioFileError(f"{suffix} is no lossless sound file; choose one of {endings}")
        wanted = replace(base, container=container)
        fitting = wanted._fitting(frames)
        if fitting.extension != wanted.extension or fitting.bits != base.bits:
            raise AudioFileError(
                f"{suffix} cannot hold {base.channels} channels of {base.subtype}; choose .wav"
            )
        return fitting

    def data_bytes(self, frames: int) -> int:
        """Size of so many frames without compression, in bytes."""
        return frames * self.channels * (_FLOAT_BYTES.get(self.subtype) or ((self.bits or 24) + 7) // 8)

    def _is_writable(self) -> bool:
        if self.container == "FLAC" and (self.channels > 8 or self.sample_rate > 655_350):
            return False
        return bool(soundfile.check_format(self.container, self.subtype, self.endian))

    def _fitting(self, frames: int | None) -> "AudioFormat":
        """Return this format, or the nearest that can be written in this length with the same words."""
        words = _SAME_WORD.get(self.subtype, (self.subtype,))
        places = [(self.container, self.endian), (self.container, "FILE"), ("WAV", "FILE")]
        attempts = (
            replace(self, container=container, subtype=word, endian=endian)
            for container, endian in places[0 if self.container in _WRITABLE else 2 :]
            for word in words
        )
        fitting = next(filter(AudioFormat._is_writable, attempts), self)
        if fitting.container in _LIMITED and frames and fitting.data_bytes(frames) > _MAX_DATA_BYTES:
            return replace(fitting, container="RF64")._fitting(None)
        return fitting


def _filename(path: Path) -> str | bytes:
    # Bytes, because soundfile refuses names that are not valid UTF-8.
    return str(path) if os.name == "nt" else os.fsencode(path)


def _address(kind: str, block: npt.NDArray[Any]) -> Any:
    return _ffi.cast(kind, block.ctypes.data)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:06.3f}"


def _is_open_ended(size: int) -> bool:
    """Whether a size is what programs put that write into a pipe and cannot know it."""
    return any(0 <= (1 << power) - size <= 4096 for power in (31, 32, 63, 64))


class _Endless(io.FileIO):
    """An MPEG file that claims to be very long.

    libsndfile guesses the length of a stream without a Xing header from its first frames and
    stops there, even when most of the recording is still to come. A tag at the end is still found.
    """

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_END and offset == 0:
            return super().seek(1024 * os.fstat(self.fileno()).st_size)
        return super().seek(offset, whence)


def _length_in_doubt(path: Path, container: str) -> str:
    """Tell what libsndfile gets wrong in compressed streams: a length "guessed", or parts "joined"."""
    if container not in ("MP3", "OGG"):
        return ""
    with path.open("rb") as file:
        head = file.read(18)
        if container == "OGG":
            file.seek(max(0, path.stat().st_size - (1 << 17)))
            last = (tail := file.read()).rfind(b"OggS")
            return "joined" if last >= 0 and tail[last + 14 : last + 18] != head[14:18] else ""
        first = 0
        if head[:3] == b"ID3":
            first = 10 + sum(
                (byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)
            )
        file.seek(first)
        start = file.read(4096)
        if not any(mark in start for mark in (b"Xing", b"Info", b"VBRI")):
            return "guessed"
        at = max(start.find(b"Xing"), start.find(b"Info"))
        flags = int.from_bytes(start[at + 4 : at + 8], "big") if at >= 0 else 0
        if not flags & 2:
            return ""
        at += 8 + 4 * (flags & 1)
        file.seek(first + int.from_bytes(start[at : at + 4], "big"))
        following = file.read(3)
        return "joined" if following == b"ID3" or following[:2] > b"\xff\xe0" else ""


class AudioReader:
    """Read a sound file as float64 blocks.

    Opening accepts a recording of no frames. `frames` is what the header says; a lossy file whose
    decoding ends earlier is believed at that point and `frames` shrinks, while in a lossless file
    that is an error. Streams that do not say how long they are get decoded once to find out.
    Reading on where the last read ended is fast; in lossy files going elsewhere decodes from the
    start, so that any order of reading gives the same samples.

    Parameters
    ----------
    path : str or Path
        An existing file.

    Raises
    ------
    AudioFileError
        The file is missing, may not be read, is no sound file, or its header contradicts itself.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._require_file()
        self._endless: _Endless | None = None
        self._file: Any = self._open()
        self._position = 0
        self.frames: int = self._file.frames
        self.format = self._read_format()
        try:
            self._check_header()
            doubt = _length_in_doubt(self.path, self.format.container)
            if doubt == "joined":
                raise AudioFileError(
                    f"{self.path}: several recordings joined, of which only the first can be read; split it"
                )
            if doubt == "guessed":
                self._endless = _Endless(self.path)
                self._reopen()
                self.frames = _UNKNOWN_FRAMES
            if self.frames >= _UNKNOWN_FRAMES:
                self._count_frames()
        except BaseException:
            self.close()
            raise

    def _require_file(self) -> None:
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                kind = "a folder" if self.path.is_dir() else "not a regular file"
                raise AudioFileError(f"{self.path}: is {kind}; name a sound file")
            with self.path.open("rb"):
                pass
        except PermissionError as error:
            raise AudioFileError(f"{self.path}: no permission to read it; change its permissions") from error
        except FileNotFoundError as error:
            raise AudioFileError(f"{self.path}: there is no such file; check the name") from error
        except OSError as error:
            if isinstance(error, AudioFileError):
                raise
            raise AudioFileError(f"{self.path}: cannot be opened: {error.strerror}") from error

    def _open(self) -> Any:
        try:
            if self._endless:
                self._endless.seek(0)
            return soundfile.SoundFile(self._endless or _filename(self.path))
        except soundfile.LibsndfileError as error:
            raise AudioFileError(
                f"{self.path}: cannot be read as sound ({error.error_string.rstrip('.')}); if it is sound,"
                " convert it to WAV or FLAC with the program that made it"
            ) from error

    def _reopen(self) -> None:
        self._file.close()
        self._file, self._position = self._open(), 0

    def _read_format(self) -> AudioFormat:
        file = self._file
        places = _ffi.new("int[]", file.channels)
        size = file.channels * _ffi.sizeof("int")
        found = _snd.sf_command(file._file, _SFC_GET_CHANNEL_MAP_INFO, places, size)
        channel_map = tuple(places) if found and any(places) else ()
        return AudioFormat(
            file.format, file.subtype, file.samplerate, file.channels, file.endian, channel_map
        )

    def _check_header(self) -> None:
        """Refuse what libsndfile lets pass: it quietly plays whatever bytes are there."""
        form = self.format
        if form.channels > MAX_CHANNELS or form.sample_rate > MAX_SAMPLE_RATE:
            raise AudioFileError(
                f"{self.path}: claims {form.channels} channels at {form.sample_rate} Hz; at most"
                f" {MAX_CHANNELS} channels and {MAX_SAMPLE_RATE} Hz are read: split or convert it"
            )
        if form.subtype in _DAMAGED_BY_LIBSNDFILE:
            raise AudioFileError(
                f"{self.path}: {form.subtype} cannot be read reliably; convert it to WAV or FLAC"
            )
        with self.path.open("rb") as file:
            found = list_chunks(file)
            if found is None or (audio := found.audio) is None:
                return
            frame_bytes = form.data_bytes(1) if form.is_lossless else 0
            shape = next((chunk for chunk in found.chunks if chunk.identifier[:4] == b"fmt "), None)
            if shape is not None and frame_bytes:
                file.seek(shape.start + 12)
                stated = int.from_bytes(file.read(2), "big" if form.endian == "BIG" else "little")
                if stated != frame_bytes:
                    raise AudioFileError(
                        f"{self.path}: the header contradicts itself: {form.channels} channels of"
                        f" {form.subtype} make {frame_bytes} bytes a frame, not {stated}; export it again"
                    )
        missing = audio.start + audio.size - found.file_size
        if missing >= max(frame_bytes, 2) and not _is_open_ended(audio.size):
            raise AudioFileError(
                f"{self.path}: truncated: the header promises {audio.size} bytes of audio, the last"
                f" {missing} are missing; copy it again"
            )
        if found.style is W64 and frame_bytes and missing < 0:
            # libsndfile 1.2.2 plays the chunks behind the audio as well.
            self.frames = min(self.frames, audio.size // frame_bytes)
        stray = found.file_size - found.end
        tolerated = form.data_bytes(form.sample_rate) if self.frames else 0
        if stray > tolerated and self.frames * frame_bytes <= audio.size:
            raise AudioFileError(
                f"{self.path}: the header counts {self.frames} frames, but {stray} bytes follow that belong"
                " to nothing: its recorder was interrupted or it passed 4 GB; repair its header in an editor"
            )

    def _count_frames(self) -> None:
        total = 0
        while block := self._decode(_PIECE).shape[0]:
            total += block
        self.frames = total
        self._reopen()

    def _decode(self, count: int) -> Audio:
        """Decode up to so many of the next frames; shape (n, channels)."""
        count = min(count, _PIECE)
        block = np.empty((count, self.format.channels))
        done = 0
        while done < count:
            got = _snd.sf_readf_double(self._file._file, _address("double *", block[done:]), count - done)
            if got <= 0:
                break
            done += got
        if done < count and (code := _snd.sf_error(self._file._file)):
            at = _clock((self._position + done) / self.format.sample_rate)
            reason = soundfile.LibsndfileError(code).error_string.rstrip(".")
            raise AudioFileError(f"{self.path}: damaged at {at}: {reason}; copy it again")
        self._position += done
        return block[:done]

    def _seek(self, start: int) -> None:
        if self.format.is_lossless:
            if _snd.sf_seek(self._file._file, start, os.SEEK_SET) != start:
                at = _clock(start / self.format.sample_rate)
                raise AudioFileError(
                    f"{self.path}: damaged before {at}: that place cannot be found; copy it again"
                )
            self._position = start
            return
        if start < self._position:
            self._reopen()
        while self._position < start and self._decode(start - self._position).shape[0]:
            pass

    def read(self, start: int, count: int) -> Audio:
        """Read frames.

        Parameters
        ----------
        start : int
            First frame, from 0.
        count : int
            Frames to read; fewer come at the end of the recording, none beyond it.

        Returns
        -------
        numpy.ndarray of float64, shape (channels, n)
            Full scale is 1.0.

        Raises
        ------
        AudioFileError
            The file is damaged or shorter than its header says, or holds NaN or infinity.
        """
        if start < 0 or count < 0:
            raise ValueError(f"start={start} and count={count} must not be negative")
        count = max(0, min(count, self.frames - start))
        if count and start != self._position:
            self._seek(start)
        pieces = [self._decode(count)]
        left = count - pieces[0].shape[0]
        while left and pieces[-1].shape[0]:
            pieces.append(self._decode(left))
            left -= pieces[-1].shape[0]
        if left:
            ends, whole = (_clock(n / self.format.sample_rate) for n in (self._position, self.frames))
            if self.format.is_lossless:
                raise AudioFileError(f"{self.path}: truncated: ends at {ends} of {whole}; copy it again")
            self.frames = self._position
        audio = np.ascontiguousarray((np.concatenate(pieces) if len(pieces) > 1 else pieces[0]).T)
        if not self.format.is_integer and (bad := _first_not_finite(audio)) is not None:
            channel, at = bad
            raise AudioFileError(
                f"{self.path}: channel {channel + 1} holds {audio[channel, at]} at sample {start + at}"
                f" ({_clock((start + at) / self.format.sample_rate)}); export the recording again"
            )
        return audio

    def blocks(self, size: int) -> Iterator[Audio]:
        """Read the whole recording from its start in blocks of `size` frames, the last one shorter."""
        if size < 1:
            raise ValueError(f"size={size} must be a positive number of frames")
        start = 0
        while (block := self.read(start, size)).shape[1]:
            yield block
            start += block.shape[1]

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._file.close()
        if self._endless:
            self._endless.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()


def _first_not_finite(audio: Audio) -> tuple[int, int] | None:
    if np.isfinite(audio).all():
        return None
    at = int(np.argmin(np.isfinite(audio).all(axis=0)))
    return int(np.argmin(np.isfinite(audio[:, at]))), at


_U64 = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _mixed(z: Any) -> Any:
    """Scramble 64 bits (SplitMix64: Steele, Lea & Flood, OOPSLA 2014, fig. 16)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _quantised(audio: Any, gain: float, bits: int, keys: Any, first: int) -> Any:
    """Round (channels, n) samples to (n, channels) words, left-justified in 32 bits.

    The dither of a sample is the difference of the halves of one hash of seed, channel and
    absolute sample number, so that it does not depend on how the recording is cut into blocks.
    """
    full = 2.0 ** (bits - 1)
    unit = 2.0 ** (32 - bits)
    words = np.empty((audio.shape[1], audio.shape[0]), np.int32)
    for channel in range(audio.shape[0]):
        for at in range(audio.shape[1]):
            scaled = audio[channel, at] * (full * gain)
            word = np.rint(scaled)
            if word != scaled:
                z = _mixed(np.uint64(first + at) * np.uint64(_GOLDEN) + keys[channel])
                halves = np.int64(z >> np.uint64(32)) - np.int64(z & np.uint64(0xFFFFFFFF))
                word = max(np.rint(scaled + halves * 2.0**-32), -full)
            words[at, channel] = np.int32(min(word, full - 1.0) * unit)
    return words


class AudioWriter:
    """Write a sound file from float64 blocks; the renderer gives a temporary name and renames.

    For integers, a sample that lies on the file's grid is written as it is; any other gets
    triangular dither of one step and is rounded. What is beyond -1.0 or 1.0 is never clipped but
    refused by `AudioOverError`. From 1.0 down to it, the top step itself (2^(bits-1), which no
    word holds) becomes the next lower one: that moves a sample by less than dither may.
    The same samples give the same bytes, however they are cut into blocks.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    format : AudioFormat
        A lossless format, as `AudioFormat.lossless_output` gives it.
    frames : int, optional
        Expected length; WAV that would pass 4 GB then becomes RF64.
    dither_seed : int
        Seed of the dither.
    gain : float
        Headroom: multiplies every sample first. Powers of two keep every bit of a difference
        written one word up.

    Attributes
    ----------
    format : AudioFormat
        As it is written.
    position : int
        Frames written so far.
    peak : float
        Largest absolute sample so far, gain included; a refused block counts.

    Raises
    ------
    AudioFileError
        The file cannot be made, the format cannot be written, or the disk is full.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        format: AudioFormat,
        frames: int | None = None,
        dither_seed: int = 0,
        gain: float = 1.0,
    ) -> None:
        self.path = Path(path)
        self.position, self.peak, self.gain = 0, 0.0, gain
        if not format.is_lossless:
            raise AudioFileError(f"{self.path}: {format.subtype} loses samples; write a lossless format")
        fitting = format.lossless_output(frames)
        self.format = form = fitting if fitting.extension == format.extension else format
        try:
            self.path.open("wb").close()
            self._file: Any = soundfile.SoundFile(
                _filename(self.path),
                "w",
                form.sample_rate,
                form.channels,
                form.subtype,
                form.endian,
                form.container,
            )
        except OSError as error:
            raise AudioFileError(
                f"{self.path}: cannot be written ({error.strerror}); choose another place"
            ) from error
        except (soundfile.LibsndfileError, ValueError) as error:
            if getattr(error, "code", 0) == _SYSTEM_ERROR:
                raise self._incomplete() from error
            raise AudioFileError(
                f"{self.path}: {form.container} cannot hold {form.channels} channels of {form.subtype} at"
                f" {form.sample_rate} Hz ({error})"
            ) from error
        seeds = [((dither_seed << 8) + channel + 1) * _GOLDEN & _U64 for channel in range(form.channels)]
        self._keys = np.array([_mixed(np.uint64(seed)) for seed in seeds], np.uint64)
        # The PEAK chunk holds the time of writing: two runs would differ.
        _snd.sf_command(self._file._file, _SFC_SET_ADD_PEAK_CHUNK, _ffi.NULL, 0)
        if form.channel_map:
            places = _ffi.new("int[]", form.channel_map)
            _snd.sf_command(self._file._file, _SFC_SET_CHANNEL_MAP_INFO, places, _ffi.sizeof(places))

    def write(self, audio: Audio) -> Audio:
        """Append a block.

        Parameters
        ----------
        audio : numpy.ndarray of float64, shape (channels, n)
            Full scale is 1.0.

        Returns
        -------
        numpy.ndarray of float64, shape (channels, n)
            What the file now holds of it: the samples that reading it gives back.

        Raises
        ------
        AudioOverError
            A sample is beyond what the format holds; nothing of this block was written.
        AudioValueError
            A sample is NaN or infinity.
        AudioFileError
            The disk is full, or the file would pass what its container can hold.
        """
        form = self.format
        if audio.ndim != 2 or audio.shape[0] != form.channels:
            raise AudioShapeError(
                f"audio of shape {audio.shape} for {self.path}; needed: ({form.channels}, n)"
            )
        audio = np.ascontiguousarray(audio, np.float64)
        if not audio.size:
            return audio
        self._require_in_range(audio)
        count = audio.shape[1]
        if form.container in _LIMITED and form.data_bytes(self.position + count) > _MAX_DATA_BYTES:
            raise AudioFileError(
                f"{self.path}: passes 4 GB, the most that {form.container} holds; write RF64"
            )
        if form.bits is None:
            block = np.multiply(audio.T, self.gain, order="C")
            if form.subtype == "FLOAT":
                block = block.astype(np.float32).astype(np.float64)
            held = block.T
            written = _snd.sf_writef_double(self._file._file, _address("double *", block), count)
        else:
            # libsndfile takes integers left-justified in 32 bits, whatever the file's word.
            words = _quantised(audio, self.gain, form.bits, self._keys, self.position)
            held = words.T * 2.0**-31
            written = _snd.sf_writef_int(self._file._file, _address("int *", words), count)
        if written != count:
            raise self._incomplete()
        self.position += count
        return np.ascontiguousarray(held)

    def _require_in_range(self, audio: Audio) -> None:
        peak = float(max(audio.max(), -audio.min())) * self.gain
        if not math.isfinite(peak) and (bad := _first_not_finite(audio)) is not None:
            channel, at = bad
            raise AudioValueError(
                f"{self.path}: the chain made {audio[channel, at]} in channel {channel + 1} at sample"
                f" {self.position + at} ({_clock((self.position + at) / self.format.sample_rate)})"
            )
        self.peak = max(self.peak, peak)
        largest = _LARGEST.get(self.format.subtype, 1.0)
        if peak > largest:
            raise AudioOverError(
                f"{self.path}: audio reaches {self.peak:.6g} of full scale, beyond {self.format.subtype};"
                f" write floats, or lower the gain by {20 * math.log10(self.peak / largest):.2f} dB or more",
                self.path,
                self.peak,
            )

    def _incomplete(self) -> AudioFileError:
        """Find out why not everything was stored: libsndfile does not say."""
        reason = "it was stored only in part"
        try:
            with self.path.open("ab") as file:
                file.write(bytes(1 << 16))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            reason = error.strerror or reason
        at = _clock(self.position / self.format.sample_rate)
        return AudioFileError(
            f"{self.path}: writing failed after {at}: {reason}; free space or choose another disk"
        )

    def close(self) -> None:
        """Finish the file, see that all of it can be read back, and sync it to the disk.

        Raises
        ------
        AudioFileError
            Not all of it was stored. A second call does nothing.
        """
        if self._file.closed:
            return
        try:
            self._file.close()
            self._mend_header()
            if self.position:
                self._require_complete()
            with self.path.open("rb+") as file:
                os.fsync(file.fileno())
        except (soundfile.LibsndfileError, OSError) as error:
            raise self._incomplete() from error

    def _require_complete(self) -> None:
        with soundfile.SoundFile(_filename(self.path)) as stored:
            if stored.frames != self.position:
                raise OSError(f"{stored.frames} frames of {self.position}")
            stored.seek(self.position - 1)
            stored.read(1)

    def _mend_header(self) -> None:
        """Undo two habits of libsndfile 1.2.2.

        It counts the padding byte of an odd AIFF as one more frame, and writes the PEAK chunk of RF64,
        which holds the time of writing, even when told not to.
        """
        with self.path.open("rb+") as file:
            found = list_chunks(file)
            for chunk in found.chunks if found else []:
                if chunk.identifier == b"COMM":
                    file.seek(chunk.start + 2)
                    file.write(self.position.to_bytes(4, "big"))
                elif chunk.identifier == b"SSND":
                    file.seek(chunk.start - 4)
                    file.write((8 + self.format.data_bytes(self.position)).to_bytes(4, "big"))
                elif chunk.identifier == b"PEAK":
                    file.seek(chunk.start - 8)
                    file.write(b"JUNK" + chunk.size.to_bytes(4, "little") + bytes(chunk.size))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.close()
        elif not self._file.closed:
            # What is there is abandoned; the error on its way says more than one about closing.
            with contextlib.suppress(soundfile.LibsndfileError):
                self._file.close()
