"""A film's sound track as samples, in time: pauses are silence, what a coder put in front is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ....audio.checks import HIGHEST_RATE, LOWEST_RATE, MAX_CHANNELS
from ....audio.clock import clock
from ....errors import AudioFileError
from .film import Film
from .timeline import Timeline

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream

_CUT_S = 1.0  # guard: lengths that headers tell are rounded, and tracks end apart
_PIECE = 1 << 16  # guard: frames of silence that are made at once
_LOSSLESS = frozenset(("flac", "alac", "truehd", "mlp", "tta", "wavpack", "ape", "tak", "shorten"))
_COMPANDED = frozenset(("pcm_alaw", "pcm_mulaw", "pcm_vidc"))
_SUBTYPES = {"u1": "PCM_U8", "i2": "PCM_16", "i4": "PCM_32", "f4": "FLOAT", "f8": "DOUBLE"}
# source: FLAC, RFC 9639, 8.2: five bits of the bits a sample, less one, behind 20 + 64 + 12 * 8 + 3 others
_FLAC_DEPTH_AT, _ALAC_DEPTH_AT = (
    12,
    17,
)  # derived: bytes; source: ALAC's magic cookie, bit depth behind its atom


@dataclass
class Coded:
    """What a sound track was made of, and how its samples are kept.

    Attributes
    ----------
    coding
        FFmpeg's name of it, such as ``aac``.
    is_lossless
        Whether decoding gives back exactly what was encoded.
    subtype
        libsndfile's name for the decoded samples.
    sample_rate, channels, layout
        Of what is decoded; the layout as FFmpeg names it.
    timeline
        When each sample is heard.
    bit_rate
        In bits a second, on an average of what was read.
    told
        What a person should know, one line each.
    cut
        How the film is cut short; empty where it is whole.
    """

    coding: str
    is_lossless: bool
    subtype: str
    sample_rate: int
    channels: int
    layout: str
    timeline: Timeline
    bit_rate: int = 0
    told: list[str] = field(default_factory=list)
    cut: str = ""


class Decoding:
    """The work of decoding one track of an open film.

    Parameters
    ----------
    film
        Open, and not read yet.
    sound
        One of its sound tracks.
    """

    def __init__(self, film: Film, sound: AudioStream) -> None:
        self.coded: Coded | None = None
        self._film, self._sound = film, sound
        self._what = f"{film.source.path}: sound track {film.number(sound)}"
        self._bytes = self._bad = 0
        self._end = Fraction(0)
        self._lost = False

    def blocks(self, tell: Callable[[float], None]) -> Iterator[npt.NDArray[Any]]:
        """Yield the samples, shape (n, channels), of the type that `coded` says; it is there with the first.

        `tell` is called with the share that is done, and may raise.

        Raises
        ------
        AudioFileError
            Nothing can be decoded, the sound changes in the middle, or the disk does not give it.
        """
        seconds = self._film.seconds
        for packet in self._film.packets():
            if packet.dts is not None:
                self._end = max(self._end, (packet.dts + (packet.duration or 0)) * packet.time_base)
                tell(min(float(self._end) / seconds, 1.0) if seconds else 0.0)
            if packet.stream.index == self._sound.index:
                yield from self._decoded(packet)
        if self.coded is None or not self.coded.timeline.samples:
            raise AudioFileError(f"{self._what} holds nothing that can be decoded; copy the film again")
        self._conclude(self.coded)

    def _decoded(self, packet: Any) -> Iterator[npt.NDArray[Any]]:
        import av  # noqa: PLC0415

        self._bytes += packet.size
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            self._bad += 1
            self._lost = True
            return
        for frame in frames:
            yield from self._placed(frame)

    def _placed(self, frame: AudioFrame) -> Iterator[npt.NDArray[Any]]:
        try:
            samples = _samples(frame)
        except ValueError:  # 64-bit integers
            raise AudioFileError(
                f"{self._what} holds samples of the type {frame.format.name}, which are not read; convert "
                "it to 24 or 32 bits"
            ) from None
        if self.coded is None:
            self.coded = self._begin(frame, samples)
        coded = self.coded
        if (frame.rate, samples.shape[1]) != (coded.sample_rate, coded.channels):
            at = clock(coded.timeline.samples, coded.sample_rate)
            raise AudioFileError(
                f"{self._what} changes at {at} from {coded.channels} channels at {coded.sample_rate} Hz to "
                f"{samples.shape[1]} at {frame.rate} Hz; split the film there"
            )
        samples = _as_kept(samples, coded)
        place = coded.timeline.place(frame.pts, len(samples), lost=self._lost)
        if place is None:
            at = clock(coded.timeline.samples, coded.sample_rate)
            raise AudioFileError(
                f"{self._what} claims at {at} to pause for longer than it sounds; its time stamps are "
                "damaged: have the program that made it repair it"
            )
        self._lost = False
        silence, drop = place
        for start in range(0, silence, _PIECE):
            quiet = 128 if samples.dtype == np.uint8 else 0
            yield np.full((min(_PIECE, silence - start), coded.channels), quiet, samples.dtype)
        yield samples[drop:]

    def _begin(self, frame: AudioFrame, samples: npt.NDArray[Any]) -> Coded:
        channels = samples.shape[1]
        if not (0 < channels <= MAX_CHANNELS and LOWEST_RATE <= frame.rate <= HIGHEST_RATE):
            raise AudioFileError(
                f"{self._what} claims {channels} channels at {frame.rate} Hz; at most {MAX_CHANNELS} "
                f"channels and {LOWEST_RATE:g} to {HIGHEST_RATE:g} Hz are read: convert it"
            )
        name = coding_of(self._sound)
        lossless = name in _LOSSLESS or (name.startswith("pcm_") and name not in _COMPANDED)
        subtype = _SUBTYPES[samples.dtype.str[1:]] if lossless else "FLOAT"
        if subtype == "PCM_32" and _depth(name, self._sound.codec_context.extradata) <= 24:
            subtype = "PCM_24"
        unit = frame.time_base
        assert unit is not None  # noqa: S101 - decoders of containers have one
        timeline = Timeline(unit, frame.rate)
        return Coded(name, lossless, subtype, frame.rate, channels, frame.layout.name, timeline)

    def _conclude(self, coded: Coded) -> None:
        line, rate = coded.timeline, coded.sample_rate
        coded.bit_rate = int(8 * self._bytes * rate / line.samples)
        number = self._film.number(self._sound)
        if self._bad:
            coded.told.append(
                f"sound track {number}: {self._bad} packets are damaged; silence is in their places"
            )
        elif line.silence:
            coded.told.append(
                f"sound track {number}: pauses of {line.silence / rate:.3f} s in all are silence in it now"
            )
        if line.dropped:
            coded.told.append(
                f"sound track {number}: {line.dropped / rate:.3f} s were stamped with a time that had been; "
                "they were left out"
            )
        seconds = self._film.seconds
        ended = float(self._end)
        if self._film.damage or seconds - ended > _CUT_S:
            coded.cut = f"ends at {clock(round(1000 * ended), 1000)} of {clock(round(1000 * seconds), 1000)}"


def coding_of(sound: AudioStream) -> str:
    """Return FFmpeg's name of how a track is coded, whichever decoder it has."""
    return str(sound.codec_context.codec.canonical_name)


def _samples(frame: AudioFrame) -> npt.NDArray[Any]:
    """Return a frame's samples, shape (n, channels)."""
    samples = frame.to_ndarray()
    return samples.T if frame.format.is_planar else samples.reshape(-1, len(frame.layout.channels))


def _as_kept(samples: npt.NDArray[Any], coded: Coded) -> npt.NDArray[Any]:
    """Return samples in the type that they are kept in: as they are, or floats for lossy coding."""
    if coded.is_lossless or samples.dtype == np.float32:
        return samples
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    scale = -float(np.iinfo(samples.dtype).min) if samples.dtype.kind == "i" else 1.0
    return (samples / scale).astype(np.float32)


def _depth(name: str, extradata: bytes | None) -> int:
    """Return how many of 32 bits a lossless coding uses."""
    head = extradata or b""
    if name.startswith("pcm_"):
        return 24 if "24" in name else 32
    if name in {"truehd", "mlp"}:
        return 24
    if name == "flac" and len(head) > _FLAC_DEPTH_AT + 1:
        return ((head[_FLAC_DEPTH_AT] & 1) << 4 | head[_FLAC_DEPTH_AT + 1] >> 4) + 1
    if name == "alac" and len(head) > _ALAC_DEPTH_AT:
        return head[_ALAC_DEPTH_AT]
    return 32
