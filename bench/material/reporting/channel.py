"""What a transfer does to a recording and to its clicks alike: cartridge, curve, converter, resampler, codec.

Up to the converter everything is linear: music and clicks may pass it one by one and be added. From the
converter on (full scale, dither, steps), through resamplers and codecs, the sum passes. The clean take passes
the same way, with the same dither. Every route gives its output aligned to the sample; a test checks it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import resample_poly

from bench.measuring.programs import PeerError, called, read, write

RATE = 44_100  # of the takes and of the converter, Hz; source: IEC 60908, the Compact Disc's
FINE = 4  # pulses are drawn at this many times the rate; guard: their edges are finer than a sample
TOP_HZ = (
    20_500.0  # where a converter's filter is at -6 dB; source: the real surface's band ends at 20 to 20.5
)
EDGE = (
    0.035  # half the width of that filter's edge; derived: 21.2 kHz is closed, a little below half the rate
)
PAD_S = 0.05  # before and after what is filtered; guard: over ten time constants of what rings, but the bass

# source: IEC 60098 (1987), RIAA with the pole at 7950 us; BS 1928 (1955) for coarse grooves; AES (1951).
# Time constants of bass, turnover and treble in us; 0 is none.
CURVES = {
    "riaa": (3180.0, 318.0, 75.0),
    "bs78": (3180.0, 450.0, 50.0),
    "aes": (0.0, 398.0, 63.6),
}
WARP_US = 7950.0  # source: IEC 60098 (1987), the amendment against rumble
REFERENCE_HZ = 1000.0  # where the curves are 0 dB; source: IEC 60098
MM_HENRY, MM_FARAD, MM_OHM = 0.5, 200e-12, 47e3  # source: data sheets of moving magnets; the standard load

FFMPEG = ("ffmpeg", "-y", "-nostdin", "-v", "error", "-threads", "1", "-bitexact")
Response = Callable[[np.ndarray], np.ndarray]
Journey = Callable[[np.ndarray], np.ndarray]


def cartridge(resonance_hz: float, q: float) -> Response:
    """Return a moving-magnet pickup: the tip's mass on the vinyl's spring, then coil, cable and load."""
    coil_hz = 1 / (2 * np.pi * np.sqrt(MM_HENRY * MM_FARAD))
    coil_q = MM_OHM * np.sqrt(MM_FARAD / MM_HENRY)

    def response(hz: np.ndarray) -> np.ndarray:
        return _second_order(hz / resonance_hz, q) * _second_order(hz / coil_hz, coil_q)

    return response


def _second_order(ratio: np.ndarray, q: float) -> np.ndarray:
    return 1 / (1 - ratio**2 + 1j * ratio / q)


def playback(curve: str) -> Response:
    """Return a phono stage for velocity: 0 dB at 1 kHz, more in the bass, less in the treble."""
    bass, turnover, treble = (1e-6 * us for us in CURVES[curve])

    def response(hz: np.ndarray) -> np.ndarray:
        def curved(s: np.ndarray) -> np.ndarray:
            low = (1 + s * bass) if bass else s * turnover
            whole = (1 + s * turnover) / np.where(low == 0, 1, low) / (1 + s * treble)
            return whole * s * 1e-6 * WARP_US / (1 + s * 1e-6 * WARP_US)

        return curved(2j * np.pi * hz) / np.abs(curved(2j * np.pi * np.array(REFERENCE_HZ)))

    return response


def band_limit(top_hz: float) -> Response:
    """Return a linear-phase low-pass that is at -6 dB at ``top_hz``: a converter's or resampler's filter."""

    def response(hz: np.ndarray) -> np.ndarray:
        position = (hz / top_hz - 1) / EDGE
        return 0.5 - 0.5 * np.sin(np.pi / 2 * np.clip(position, -1, 1))

    return response


@dataclass(frozen=True)
class Analogue:
    """The linear way from the groove or the microphone into the converter, which it ends with.

    Attributes
    ----------
    responses : sequence of callables
        Each gives the complex gain at frequencies in Hz.
    top_hz : float
        Where the band ends.
    """

    responses: Sequence[Response] = ()
    top_hz: float = TOP_HZ

    def gain(self, hz: np.ndarray) -> np.ndarray:
        """Return the complex gain of all together."""
        return np.prod([response(hz) for response in (*self.responses, band_limit(self.top_hz))], axis=0)

    def music(self, audio: np.ndarray) -> np.ndarray:
        """Return audio of shape (channels, n) at 44.1 kHz after it."""
        pad = round(PAD_S * RATE)
        length = next_fast_len(audio.shape[-1] + 2 * pad, real=True)
        spectrum = rfft(np.pad(audio, ((0, 0), (pad, pad))), length)
        after = irfft(spectrum * self.gain(np.fft.rfftfreq(length, 1 / RATE)), length)
        return after[:, pad : pad + audio.shape[-1]]

    def pulses(self, waves: np.ndarray, *, through: Sequence[Response] = ()) -> tuple[np.ndarray, int]:
        """Return pulses, drawn at four times the rate, as the converter hears them, and where they begin.

        Parameters
        ----------
        waves : np.ndarray [shape=(..., m)]
            One pulse or many, from the first one's onset on.
        through : sequence of callables
            What else they pass and the music does not: the playback curve, since what is no recording was
            not cut with the recording curve that it undoes.
        """
        pad = round(PAD_S * RATE)
        length = next_fast_len(-(-waves.shape[-1] // FINE) + 2 * pad, real=True)
        length += length % 2
        lead = [(0, 0)] * (waves.ndim - 1) + [(FINE * pad, 0)]
        spectra = rfft(np.pad(waves, lead), FINE * length)[..., : length // 2 + 1]
        hz = np.fft.rfftfreq(length, 1 / RATE)
        gain = np.prod([self.gain(hz), *(response(hz) for response in through)], axis=0)
        return irfft(spectra * gain, length) / FINE, pad


def convert(audio: np.ndarray, bits: int, seed: int) -> np.ndarray:
    """Return audio as a converter gives it: dithered (triangular), in steps, held at full scale."""
    draw = np.random.default_rng(seed)
    dither = draw.random(audio.shape) - draw.random(audio.shape)
    scale = 2.0 ** (bits - 1)
    return np.clip(np.round(audio * scale + dither), -scale, scale - 1) / scale


@dataclass(frozen=True)
class Route:
    """A way from the converter to the file that is restored.

    Attributes
    ----------
    name : str
    rate : int
        Of the file, Hz.
    journey : callable
        Takes converted audio at 44.1 kHz and returns it at ``rate``, aligned with it.
    top_hz : float
        Where the band ends.
    before : bool
        Whether it ends there before the converter, whose dither then fills what is above.
    bits : int
        Of the converter.
    codec : bool
        Whether the error of a codec differs between the clean and the damaged take.
    """

    name: str
    rate: int = RATE
    journey: Journey = field(default=lambda audio: audio, repr=False)
    top_hz: float = TOP_HZ
    before: bool = False
    bits: int = 16
    codec: bool = False

    def analogue(self, *responses: Response) -> Analogue:
        """Return the linear part before the converter."""
        return Analogue(responses, self.top_hz if self.before else TOP_HZ)

    @cached_property
    def missing(self) -> str:
        """Why the route cannot be taken here; "" where it can."""
        try:
            self.journey(1e-3 * np.random.default_rng(0).standard_normal((1, RATE // 2)))
        except PeerError as error:
            return str(error)
        return ""


def resampled(audio: np.ndarray, rate: int) -> np.ndarray:
    """Return audio at another rate by SciPy."""
    common = int(np.gcd(rate, RATE))
    return resample_poly(audio, rate // common, RATE // common, axis=1)


def _by_program(command: Callable[[Path, Path], Sequence[object]], rate: int) -> Journey:
    def journey(audio: np.ndarray) -> np.ndarray:
        length = -(-audio.shape[1] * rate // RATE)
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "in.wav"), Path(folder, "out.wav")
            write(source, audio, RATE)
            called(*map(str, command(source, target)))
            return read(target, length)

    return journey


def by_sox(rate: int, *effects: object) -> Journey:
    """Return SoX's resampler, or its effects."""
    target = ("-e", "floating-point", "-b", 32, "-r", rate)
    return _by_program(lambda a, b: ("sox", "-V1", "-D", a, *target, b, *effects), rate)


def by_ffmpeg(rate: int, resampler: str = "swr") -> Journey:
    """Return ffmpeg's resampler, "swr" or "soxr"."""
    filters = f"aresample={rate}:resampler={resampler}"
    return _by_program(
        lambda a, b: (*FFMPEG, "-i", a, "-af", filters, "-c:a", "pcm_f32le", b),
        rate,
    )


def by_codec(encoder: str, kbit_s: int, suffix: str, rate: int = RATE) -> Journey:
    """Return there and back through one of ffmpeg's encoders, which says by how much its decoder lags."""

    def journey(audio: np.ndarray) -> np.ndarray:
        length = -(-audio.shape[1] * rate // RATE)
        with tempfile.TemporaryDirectory() as folder:
            source, coded, target = (Path(folder, name) for name in ("in.wav", f"x.{suffix}", "out.wav"))
            write(source, audio, RATE)
            called(*FFMPEG, "-i", source, "-ar", str(rate), "-c:a", encoder, "-b:a", f"{kbit_s}k", coded)
            called(*FFMPEG, "-i", coded, "-c:a", "pcm_f32le", target)
            return read(target, length)

    return journey


def there_and_back(rate: int) -> Journey:
    """Return SoX's resampler to a rate and back."""
    return by_sox(RATE, "rate", rate, "rate", RATE)


ROUTES = {
    route.name: route
    for route in (
        Route("44.1"),
        Route("48 sox", 48_000, by_sox(48_000)),
        Route("96 sox", 96_000, by_sox(96_000)),
        Route("96 ffmpeg", 96_000, by_ffmpeg(96_000)),
        Route("MP3 320", journey=by_codec("libmp3lame", 320, "mp3"), codec=True),
        Route("MP3 128", journey=by_codec("libmp3lame", 128, "mp3"), top_hz=16_800.0, codec=True),
        Route("to 12 kHz", top_hz=12_000.0, before=True),
        Route("to 16 kHz", journey=by_sox(RATE, "sinc", "-16000"), top_hz=16_000.0),
        Route("44.1, 24 bits", bits=24),
        Route("48 soxr", 48_000, by_ffmpeg(48_000, "soxr")),
        Route("96 scipy", 96_000, lambda audio: resampled(audio, 96_000)),
        Route("192 sox", 192_000, by_sox(192_000)),
        Route("96 and back", journey=there_and_back(96_000)),
        Route("MP3 192", journey=by_codec("libmp3lame", 192, "mp3"), top_hz=18_900.0, codec=True),
        Route("Opus 128", 48_000, by_codec("libopus", 128, "opus", 48_000), codec=True),
    )
}
