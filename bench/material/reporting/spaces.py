"""Speech and music in rooms that nothing was tuned in: measured responses, and made-up ones of another kind.

Measured (packages acoustics, jconvolver-config-files and guitarix-common of ``fetch_audio``): a living room
and a sports hall (OpenAIR), a street between houses with two microphones, and a great hall. Made up: the
direct sound, a shoebox's first reflections, which lose treble at every wall, and a late field of noise, whose
decay depends on frequency and whose two microphones hear less alike the higher the frequency. The simulator
of ``material/reverberant.py``, in which the stage was tuned, has walls alike at all frequencies, and image
sources throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product

import numpy as np
import soundfile
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from bench.material.damage import add_below
from bench.material.fetch_audio import CACHE
from bench.material.reporting.channel import RATE, ROUTES, Route, by_sox, convert
from bench.material.reverberant import Reverberant
from bench.material.takes import Take

# source: this table's own rooms
SIDES_M = ((3.0, 9.0), (2.5, 7.0), (2.3, 3.6))
FAR_M, NEAR_M = (1.0, 2.5), (0.1, 0.2)
APART_M = 0.17  # between two microphones: source: the ears' own, and many stereo pairs'
SOUND_M_S = 343.0
NOISE_DB = 30.0  # room noise so far under the voice
MOST_REFLECTIONS = 2  # of an image source, in each direction
# source: measured rooms: longer in the bass, and shorter in the treble, which carpets and air take
BANDS_HZ = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0)
SHAPE = (1.25, 1.1, 1.0, 1.0, 0.9, 0.75, 0.5, 0.3)
CRITICAL = 0.057  # source: the critical distance of a room, sqrt(volume / decay) times this, in m
HALL_M = 6.0  # derived: the great hall's response has no direct sound; it is as loud as the direct one here
PLATE_DB = 10.0  # a studio's reverb so far under the announcer
PLATE_S, PLATE_DELAY_S = 1.8, 0.02
TURN_S = 2.5  # of two who talk
DRY_DB = -60.0  # guard: what is before a measured response's first sound
LOWEST_HZ = 70.0  # under which the measured living room's response is its own noise


@dataclass(frozen=True)
class Space:
    """A room.

    Attributes
    ----------
    name : str
    channels : int
        How many microphones it can have, at most.
    responses : callable
        ``responses(seed)`` returns the responses at 44.1 kHz, shape (channels, n).
    measured : bool
    """

    name: str
    channels: int
    responses: Callable[[int], np.ndarray] = field(repr=False)
    measured: bool = False


def made(decay_s: float, distance_m: tuple[float, float] = FAR_M) -> Callable[[int], np.ndarray]:
    """Return a maker of responses of rooms that fall by 60 dB in so many seconds at 500 Hz."""

    def responses(seed: int) -> np.ndarray:
        draw = np.random.default_rng([seed, round(1000 * decay_s), round(1000 * distance_m[0])])
        sides = np.array([draw.uniform(*limits) for limits in SIDES_M])
        distance = draw.uniform(*distance_m)
        early = _reflections(draw, sides, distance, decay_s)
        late = _late(draw, sides, decay_s, round(1.3 * decay_s * RATE))
        whole = np.zeros((2, max(early.shape[1], late.shape[1])))
        whole[:, : early.shape[1]] += early
        whole[:, : late.shape[1]] += late
        return whole

    return responses


def _reflections(draw: np.random.Generator, sides: np.ndarray, distance: float, decay_s: float) -> np.ndarray:
    """Return the direct sound and the first reflections at two microphones, by image sources."""
    mouth = np.array([draw.uniform(0.5, side - 0.5) for side in sides])
    mouth[2] = draw.uniform(1.1, 1.7)
    angle = draw.uniform(0, 2 * np.pi)
    first = mouth + distance * np.array([np.cos(angle), np.sin(angle), 0.1])
    first = np.clip(first, 0.2, sides - 0.2)
    across = APART_M * np.array([-np.sin(angle + 0.5), np.cos(angle + 0.5), 0.0])
    microphones = np.stack([first, np.clip(first + across, 0.15, sides - 0.15)])
    # by Sabine: what a wall gives back, and each wall a little otherwise
    volume = float(np.prod(sides))
    surface = 2 * (sides[0] * sides[1] + sides[0] * sides[2] + sides[1] * sides[2])
    absorbed = min(0.161 * volume / (surface * decay_s), 0.9)
    given = np.sqrt(np.clip(1 - absorbed * draw.uniform(0.6, 1.4, (3, 2)), 0.05, 0.99))
    size = round(0.12 * RATE)
    found = np.zeros((2, size))
    nearest = np.linalg.norm(microphones - mouth, axis=1).min()
    hz = np.fft.rfftfreq(size, 1 / RATE)
    for order in product(range(-MOST_REFLECTIONS, MOST_REFLECTIONS + 1), repeat=3):
        bounces = sum(map(abs, order))
        if bounces > MOST_REFLECTIONS:
            continue
        image = [
            n * side + (at if n % 2 == 0 else side - at)
            for n, side, at in zip(order, sides, mouth, strict=True)
        ]
        wall = np.prod([given[axis, int(n > 0)] ** abs(n) for axis, n in enumerate(order)])
        dull = (1 + (hz / 9000.0) ** 2) ** (-0.5 * bounces)
        for channel, at in enumerate(microphones):
            metres = float(np.linalg.norm(np.array(image) - at))
            delay = (metres - nearest) / SOUND_M_S
            wave = np.fft.irfft(wall / max(metres, 0.05) * dull * np.exp(-2j * np.pi * hz * delay), size)
            found[channel] += wave
    return found


def _late(draw: np.random.Generator, sides: np.ndarray, decay_s: float, size: int) -> np.ndarray:
    """Return the late field at two microphones, as loud as Sabine has it beside a direct sound of 1/m."""
    volume = float(np.prod(sides))
    mixing = np.sqrt(volume) * 1e-3
    white = draw.standard_normal((2, size))
    time = np.arange(size) / RATE
    spectra = np.fft.rfft(white)
    hz = np.fft.rfftfreq(size, 1 / RATE)
    alike = np.clip(np.sinc(2 * hz * APART_M / SOUND_M_S), 0, 1)
    spectra[1] = alike * spectra[0] + np.sqrt(1 - alike**2) * spectra[1]
    edges = [0.0, *np.sqrt(np.array(BANDS_HZ[1:]) * BANDS_HZ[:-1]), np.inf]
    late = np.zeros((2, size))
    for low, high, shape in zip(edges[:-1], edges[1:], SHAPE, strict=True):
        part = np.fft.irfft(spectra * ((hz >= low) & (hz < high)), size)
        late += part * 10 ** (-3 * time / (decay_s * shape))
    rise = np.clip(time / mixing, 0, 1) ** 2
    critical = CRITICAL * np.sqrt(volume / decay_s)
    # the reverberant energy equals the direct sound's at the critical distance, where that is 1 / critical
    energy = np.mean(np.sum((white * 10 ** (-3 * time / decay_s)) ** 2, axis=1))
    return late * rise / critical / np.sqrt(energy)


def measured(package: str, *files: str, direct: bool = False) -> Callable[[int], np.ndarray]:
    """Return a reader of responses, each file's channels one after another, from their first sound on.

    Parameters
    ----------
    package : str
        A folder of ``bench/cache``.
    *files : str
        Without the extension.
    direct : bool
        Whether the direct sound has to be added.
    """

    def responses(seed: int) -> np.ndarray:
        whole = _read(package, files)
        if direct:
            whole = whole * np.sqrt(1 / np.sum(whole[0] ** 2))
            whole = np.pad(whole, ((0, 0), (round(HALL_M / SOUND_M_S * RATE), 0)))
            whole[:, 0] += 1.0
        return whole

    return responses


@cache
def _read(package: str, files: tuple[str, ...]) -> np.ndarray:
    folder = CACHE / package
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there: python -m bench.material.fetch_audio {package}")
    parts = []
    for name in files:
        audio, rate = soundfile.read(folder / f"{name}.flac", always_2d=True)
        parts.append(resampled_from(audio.T, rate))
    size = min(part.shape[1] for part in parts)
    return from_first_sound(np.concatenate([part[:, :size] for part in parts]))


def resampled_from(audio: np.ndarray, rate: int) -> np.ndarray:
    """Return audio of any rate at 44.1 kHz, without what is under 70 Hz."""
    low = butter(2, LOWEST_HZ, "high", fs=rate, output="sos")
    heard = sosfilt(low, audio, axis=1)
    common = int(np.gcd(rate, RATE))
    return heard if rate == RATE else resample_poly(heard, RATE // common, rate // common, axis=1)


def from_first_sound(responses: np.ndarray) -> np.ndarray:
    """Return responses from half a millisecond before the first of them is within 20 dB of its peak."""
    peaks = np.abs(responses).max(axis=1, keepdims=True)
    first = int(np.argmax(np.any(np.abs(responses) > 0.1 * peaks, axis=0)))
    return responses[:, max(first - round(5e-4 * RATE), 0) :]


# What a user's file may be: as recorded, resampled, and coded; all with 16 bits from the converter.
WAYS = {
    route.name: route
    for route in (
        Route("16 sox", 16_000, by_sox(16_000), top_hz=7500.0),
        *(ROUTES[name] for name in ("44.1", "48 sox", "96 sox", "MP3 128", "MP3 320")),
    )
}

SPACES = {
    space.name: space
    for space in (
        Space("made 0.4 s", 2, made(0.4)),
        Space("made 0.8 s", 2, made(0.8)),
        Space("street", 2, measured("jconvolver-config-files", "street2-R", "street2-L"), True),
        Space("living room", 1, measured("acoustics", "living_room_1"), True),
        Space("great hall", 2, measured("guitarix-common", "greathall", direct=True), True),
        Space("sports hall", 1, measured("acoustics", "ir_sportscentre_omni"), True),
        Space("close 0.6 s", 2, made(0.6, NEAR_M)),
    )
}


def heard(clean: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Return what microphones hear of audio of shape (1 or as many channels, n), at its level."""
    length = clean.shape[1]
    whole = np.broadcast_to(clean, (len(responses), length))
    out = np.stack([fftconvolve(one, by)[:length] for one, by in zip(whole, responses, strict=True)])
    return out * np.sqrt(np.mean(clean[0] ** 2) / np.mean(out[0] ** 2))


def in_space(take: Take, space: Space, channels: int, seed: int) -> Reverberant:
    """Return a take's first channel in a room; with as many microphones as asked."""
    clean = take.audio[:1]
    return Reverberant(heard(clean, space.responses(seed)[:channels]), clean)


def music_in_space(take: Take, space: Space, seed: int) -> np.ndarray:
    """Return music, its two channels as two players left and right, in a room with as many microphones."""
    responses = space.responses(seed)
    return heard(take.audio[: len(responses)], responses)


def two_talkers(first: Take, second: Take, space: Space | None, channels: int, seed: int) -> Reverberant:
    """Return two who talk in turns, each at a place of its own; without a room where there is none."""
    length = min(first.audio.shape[1], second.audio.shape[1])
    turn = (np.arange(length) / RATE // TURN_S) % 2
    soft = np.convolve(np.pad(turn, 441, mode="edge"), np.ones(883) / 883, "valid")
    voices = [first.audio[:1, :length] * (1 - soft), second.audio[:1, :length] * soft]
    clean = np.sum(voices, axis=0)
    if space is None:
        return Reverberant(np.repeat(clean, channels, axis=0), clean)
    places = [space.responses(seed), space.responses(seed + 1000)]
    whole = sum(
        np.stack([fftconvolve(voice[0], by)[:length] for by in place[:channels]])
        for voice, place in zip(voices, places, strict=True)
    )
    return Reverberant(whole * np.sqrt(np.mean(clean**2) / np.mean(whole[0] ** 2)), clean)


def announcer(take: Take, channels: int, seed: int) -> Reverberant:
    """Return a take with a studio's reverb under it: a plate's, dense at once, bright and wide."""
    draw = np.random.default_rng([seed, 7])
    time = np.arange(round(1.2 * PLATE_S * RATE)) / RATE
    noise = draw.standard_normal((channels, len(time))) * 10 ** (-3 * time / PLATE_S)
    noise = sosfilt(butter(1, (250.0, 9000.0), "band", fs=RATE, output="sos"), noise, axis=1)
    noise = np.pad(noise, ((0, 0), (round(PLATE_DELAY_S * RATE), 0)))
    dry = take.audio[:1]
    wet = heard(dry, noise) * 10 ** (-PLATE_DB / 20)
    return Reverberant(dry + wet, dry)


def under_room_noise(audio: np.ndarray, seed: int, below_db: float = NOISE_DB) -> np.ndarray:
    """Return audio with a room's noise under it: 5 dB less an octave (Hoth), from all sides."""
    size = audio.shape[1]
    hz = np.fft.rfftfreq(size, 1 / RATE)
    spectra = np.fft.rfft(np.random.default_rng([seed, 30]).standard_normal(audio.shape))
    alike = np.clip(np.sinc(2 * hz * APART_M / SOUND_M_S), 0, 1)
    for channel in range(1, len(audio)):
        spectra[channel] = alike * spectra[0] + np.sqrt(1 - alike**2) * spectra[channel]
    fall = np.where(hz >= 40.0, np.maximum(hz, 40.0) ** (-5 / (20 * np.log10(2))), 0.0)
    noise = np.fft.irfft(spectra * fall, size)
    return add_below(audio, noise, RATE, below_db, lead=0, tail=0).audio


def through(made_: Reverberant, route: Route, seed: int) -> Reverberant:
    """Return what a file of a route holds of a take in a room, and of the take without it, dithered alike."""
    audio, clean = (route.journey(convert(each, route.bits, seed)) for each in (made_.audio, made_.clean))
    return replace(made_, audio=audio, clean=clean)
