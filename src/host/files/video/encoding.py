"""Restored sound as packets of a film: in the coding that it had, where that can be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....audio.arrays import Audio
from ..audio_format import AudioFormat
from ..audio_reader import AudioReader
from ..source_file import SourceFile
from .decoding import Coded, coding_of
from .film import Film
from .kinds import AVI, MATROSKA, MOV, MP4, WEBM, Kind

if TYPE_CHECKING:
    from av.packet import Packet

_ENCODERS = {
    "aac": "aac", "mp3": "libmp3lame", "mp2": "mp2", "ac3": "ac3", "eac3": "eac3", "opus": "libopus",
    "flac": "flac", "alac": "alac",
}  # fmt: skip
_PLAIN = frozenset(
    f"pcm_{word}" for word in ("u8", "s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "f32le", "f32be",
                               "f64le", "f64be")
)  # fmt: skip
# What takes the place of a coding that cannot be written: nothing is lost a second time, but in WebM.
_INSTEAD = {MP4: "alac", MOV: "alac", MATROSKA: "flac", WEBM: "opus", AVI: "pcm_s16le"}
# tuned: SNR of 12 takes, speech and music, split tuning, AAC twice, 2026-11-30: 64 kb/s a channel twice costs
# 2.6 dB against once (median), 64 and then 128 kb/s 0.2 dB, 96 and then 144 kb/s 0.2 dB
_LEAST_BITS = 128_000  # a second, of a channel
_MORE_BITS = 1.5  # times those of the source

# source: ISO 11172-3, table of bit rates, and ATSC A/52, table 5.18; in kb/s
_RATES = {
    "mp3": (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    "mp2": (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    "ac3": (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640),
}
_MOST_BITS = {"aac": 288_000, "opus": 255_000, "eac3": 256_000}  # a channel; source: the codings' own limits
_PLAIN_FRAME = 1024  # guard: samples a packet where the coding does not say
_READ_FRAMES = 64  # guard: frames read at once


@dataclass(frozen=True)
class Coding:
    """How a sound track is written.

    Attributes
    ----------
    name
        FFmpeg's name of the coding.
    encoder
        Of what writes it.
    sample_format
        What that takes, as FFmpeg names it.
    bit_rate
        In bits a second; 0 for lossless ones.
    """

    name: str
    encoder: str
    sample_format: str
    bit_rate: int = 0


class Planned(NamedTuple):
    """What a film will become, as far as its head tells."""

    kind: Kind
    seconds: float
    sample_rate: int
    channels: int


def planned(source: SourceFile) -> Planned:
    """Look at the head of a film; raises `AudioFileError` where it, or its sound, cannot be read."""
    with Film(source) as film:
        sound = film.sound(None)
        kind = kind_for(film.kind, (coding_of(one) for one in film.sounds if one.codec_context))
        return Planned(kind, film.seconds, sound.rate, sound.channels)


def kind_for(kind: Kind, codings: Iterable[str]) -> Kind:
    """Return the kind of film that takes restored sounds: WebM holds Opus alone of what can be written."""
    return MATROSKA if kind is WEBM and set(codings) != {"opus"} else kind


def coding_for(kind: Kind, coded: Coded, restored: AudioFormat) -> tuple[Coding, str]:
    """Return how restored sound is written, and what is to be told of that; nothing where it is as before.

    Parameters
    ----------
    kind
        Of the film that it goes into.
    coded
        How it was.
    restored
        Format of the restored samples.
    """
    for name in (coded.coding, _INSTEAD[kind]):
        coding = _coding(name, coded, restored)
        if coding and _opens(coding, coded):
            return coding, "" if name == coded.coding else _replaced(coded.coding, name)
    bits = restored.bits
    name = f"pcm_s{bits}le" if bits and bits > 8 else "pcm_f32le"
    return Coding(name, name, _plain_format(name)), _replaced(coded.coding, name)


def _replaced(old: str, new: str) -> str:
    return f"its sound was {old.upper()}, which cannot be written; {new.upper()} takes its place"


def _coding(name: str, coded: Coded, restored: AudioFormat) -> Coding | None:
    if name in _PLAIN:
        return Coding(name, name, _plain_format(name))
    if name not in _ENCODERS:
        return None
    if name in {"flac", "alac"}:
        short = (restored.bits or 32) <= 16
        return Coding(name, _ENCODERS[name], ("s16" if short else "s32") + "p" * (name == "alac"))
    bits = int(max(_MORE_BITS * coded.bit_rate, _LEAST_BITS * coded.channels))
    if rates := _RATES.get(name):
        bits = 1000 * next((rate for rate in rates if 1000 * rate >= bits), rates[-1])
    else:
        bits = min(bits, _MOST_BITS[name] * coded.channels)
    return Coding(name, _ENCODERS[name], {"opus": "flt", "mp2": "s16"}.get(name, "fltp"), bits)


def _plain_format(name: str) -> str:
    word = name.removeprefix("pcm_").rstrip("lbe")
    return {"s24": "s32", "f32": "flt", "f64": "dbl"}.get(word, word)


def _opens(coding: Coding, coded: Coded) -> bool:
    """Whether the encoder takes this rate, these channels and so many bits."""
    import av  # noqa: PLC0415

    try:
        _context(coding, coded).open()
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _context(coding: Coding, coded: Coded) -> Any:
    import av  # noqa: PLC0415

    context = av.CodecContext.create(coding.encoder, "w")
    set_up(context, coding, coded)
    return context


def set_up(context: Any, coding: Coding, coded: Coded) -> None:
    """Give a PyAV encoder, or a stream that has one, what it must know before it is opened."""
    context.sample_rate = coded.sample_rate
    context.layout = coded.layout
    context.format = coding.sample_format
    context.time_base = Fraction(1, coded.sample_rate)
    if coding.bit_rate:
        context.bit_rate = coding.bit_rate
    if coding.name == "mp3":
        context.options = {"reservoir": "0"}  # without its first frames a film loses no more than those


class SoundPackets:
    """The packets of one restored track, as their time comes.

    Parameters
    ----------
    stream
        Of the film that is written, set up but not open.
    coding, coded
        How it is written, and what was read.
    reader
        The restored samples.
    first
        Number of the source's sample that the first one was: more than 0 where the beginning was trimmed.
    whole_frames
        Whether nothing can be stamped with a time before the first sample: then silence that fills up the
        encoder's delay, and the frames of that, are left out.
    """

    def __init__(
        self,
        stream: Any,
        coding: Coding,
        coded: Coded,
        reader: AudioReader,
        first: int = 0,
        *,
        whole_frames: bool = False,
    ) -> None:
        self._stream, self._coding, self._coded, self._reader = stream, coding, coded, reader
        self._first = first
        self._delay = _delay(coding, coded) if whole_frames else 0
        self._packets = self._encoded()
        self._next: Packet[Any] | None = None
        self._stamp: int | None = None

    def until(self, time: Fraction | None) -> Iterator[Packet[Any]]:
        """Yield packets up to a time in seconds; None: all that are left."""
        while True:
            self._next = self._next or next(self._packets, None)
            if self._next is None or (time is not None and self._seconds(self._next) > time):
                return
            packet, self._next = self._next, None
            yield self._stamped(packet)

    def _seconds(self, packet: Packet[Any]) -> Fraction:
        return self._coded.timeline.time((packet.pts or 0) + self._first)

    def _stamped(self, packet: Packet[Any]) -> Packet[Any]:
        rate = self._coded.sample_rate
        stamp = round(self._seconds(packet) * rate)
        if self._stamp is not None:  # a recorder's clock may have stepped back a little
            stamp = max(stamp, self._stamp + 1)
        self._stamp = stamp
        packet.pts = packet.dts = stamp
        packet.time_base = Fraction(1, rate)
        packet.stream = self._stream
        return packet

    def _encoded(self) -> Iterator[Packet[Any]]:
        context = self._stream.codec_context
        skipped = -(-self._delay // _frame(context)) * _frame(context) - self._delay if self._delay else 0
        for block, position in self._frames(_frame(context), skipped):
            yield from self._heard(context.encode(self._frame_of(block, position - skipped)))
        yield from self._heard(context.encode(None))

    def _heard(self, packets: list[Packet[Any]]) -> Iterator[Packet[Any]]:
        """Leave out what lies wholly before the first sample, where it cannot be stamped."""
        return (one for one in packets if not self._delay or (one.pts or 0) >= 0)

    def _frames(self, size: int, skipped: int) -> Iterator[tuple[Audio, int]]:
        """Yield blocks of one frame each, but the last, and their positions; first samples of silence."""
        channels = self._reader.format.channels
        left, position = np.zeros((channels, skipped)), 0
        for block in self._reader.blocks(size * _READ_FRAMES):
            joined = np.concatenate([left, block], axis=1) if left.size else block
            whole = joined.shape[1] // size * size
            for start in range(0, whole, size):
                yield joined[:, start : start + size], position
                position += size
            left = joined[:, whole:]
        if left.shape[1]:
            yield left, position

    def _frame_of(self, block: Audio, position: int) -> Any:
        return _audio_frame(_samples(block, self._coding.sample_format), self._coding, self._coded, position)


def _audio_frame(samples: npt.NDArray[Any], coding: Coding, coded: Coded, position: int) -> Any:
    import av  # noqa: PLC0415

    frame = av.AudioFrame.from_ndarray(samples, format=coding.sample_format, layout=coded.layout)
    frame.sample_rate, frame.time_base = coded.sample_rate, Fraction(1, coded.sample_rate)
    frame.pts = position
    return frame


def _samples(block: Audio, sample_format: str) -> npt.NDArray[Any]:
    """Return samples, shape (channels, n), as FFmpeg takes them; what is on the grid of integers stays."""
    if sample_format[:3] in {"flt", "dbl"}:
        typed: npt.NDArray[Any] = block.astype(np.float32 if sample_format[:3] == "flt" else np.float64)
    else:
        bits = {"u8": 8, "s16": 16, "s32": 32}[sample_format.rstrip("p")]
        half = 2.0 ** (bits - 1)
        words = np.clip(np.rint(block * half), -half, half - 1)
        typed = (words + 128).astype(np.uint8) if bits == 8 else words.astype(f"i{bits // 8}")
    if sample_format.endswith("p"):
        return np.ascontiguousarray(typed)
    return np.ascontiguousarray(typed.T).reshape(1, -1)


def _frame(context: Any) -> int:
    return int(context.frame_size) or _PLAIN_FRAME


def _delay(coding: Coding, coded: Coded) -> int:
    """Return how many samples an encoder puts before the first one: as many as it stamps before 0."""
    context = _context(coding, coded)
    context.open()
    size, position = _frame(context), 0
    while True:
        quiet = _samples(np.zeros((coded.channels, size)), coding.sample_format)
        packets = context.encode(_audio_frame(quiet, coding, coded, position))
        position += size
        if packets:
            return max(0, -int(packets[0].pts or 0))
