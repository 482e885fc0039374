"""The standard test signal that presets are compared on: the same bits on every machine.

Ten seconds in two channels of what restoration is about: notes, bursts like syllables, and pauses between;
under all of it hiss, other in each channel, and hum; and clicks. All is whole numbers, so that no library of
mathematics, compiler or processor rounds otherwise.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import numpy as np

from ...audio.arrays import Audio, Counts

SIGNAL = "wavemend-standard-1"
"""Name of the signal; another signal is another name."""

# derived: the rate of most recordings that are shared, and what fits two notes, syllables and three pauses
RATE, CHANNELS, SECONDS = 44_100, 2, 10
_FRAMES = RATE * SECONDS
_FULL = 2**23  # derived: full scale of 24 bits
_TURN = 2**32  # derived: one turn of a phase
_ONE = 2**15  # derived: 1.0 of what `_sine` gives
# source: sin(pi / 2 z) = a z - b z^3 + c z^5 for |z| <= 1, fitted to 1e-4; the coefficients in 15 bits
_SINE = (51_466, 21_077, 2_382)
_SEED = 1_948  # derived: the year of the long-playing record; any number would do
_NOTES_MHZ = (220_000, 277_183, 329_628, 440_000)  # source: A major in equal temperament, in mHz
_HUM_MHZ = 50_000  # source: European mains
# derived: places of what sounds, of crackle, a dropout in a note, lost samples in one, and a hole in a pause
_NOTE, _MUSIC = RATE // 2, (RATE, RATE * 5)
_SYLLABLE, _SPEECH = RATE // 4, (RATE * 6, RATE * 9)
_CRACKLE, _TICKS = (RATE * 2, RATE * 5), 3_000
_FADED, _LOST, _SILENT, _HOLE = RATE * 17 // 10, RATE * 31 // 10, RATE * 11 // 2, RATE // 80
_CLICKS, _CLICK_FRAMES = 24, 5


@cache
def standard_signal() -> Audio:
    """Return the signal, shape (2, 441000), full scale 1.0, at `RATE`; not to be written to."""
    audio = standard_integers() / _FULL  # exact: 24 bits of a float's 53
    audio.flags.writeable = False
    return audio


def signal_sha256() -> str:
    """Return the SHA-256 of the signal as 32-bit whole numbers, little end first, channel after channel."""
    return sha256(standard_integers().astype("<i4").tobytes()).hexdigest()


def standard_integers() -> Counts:
    """Return the signal in steps of 24 bits, shape (2, 441000)."""
    draws = np.random.Philox(key=_SEED)
    program = _music() + _speech()
    faded = slice(_FADED, _FADED + _HOLE)
    program[faded] //= 16
    carrier = _hum() + _FULL // 512
    made = np.stack([program + carrier + _hiss(draws) for _ in range(CHANNELS)])
    _add_crackle(made, draws)
    _add_clicks(made, draws)
    for begin, length in ((_LOST, _HOLE), (_SILENT, 8 * _HOLE)):
        made[:, begin : begin + length] = 0
    return made


def _hum() -> Counts:
    """Mains hum of twelve harmonics."""
    made = _nothing()
    for k in range(1, 13):
        made += _tone(_HUM_MHZ * k, 0, _FRAMES) * (_FULL // 64) // (k * _ONE)
    return made


def _nothing() -> Counts:
    return np.zeros(_FRAMES, np.int64)


def _sine(phase: Counts) -> Counts:
    """Sine of `phase` (`_TURN` a turn) in steps of 1 / `_ONE`."""
    x = (phase + _TURN // 2) % _TURN - _TURN // 2
    folded = np.where(np.abs(x) > _TURN // 4, np.sign(x) * (_TURN // 2) - x, x)
    z = folded >> 15
    square = z * z >> 15
    first, third, fifth = _SINE
    return z * (first - (square * (third - (square * fifth >> 15)) >> 15)) >> 15


def _tone(mhz: int, begin: int, end: int) -> Counts:
    """Sine of so many mHz from sample to sample, beginning at zero."""
    return _sine(np.arange(end - begin, dtype=np.int64) * (mhz * _TURN // (1000 * RATE)))


def _music() -> Counts:
    """Struck notes of twelve partials that die away."""
    made = _nothing()
    for number, begin in enumerate(range(*_MUSIC, _NOTE)):
        end = begin + _NOTE
        left = (_NOTE - np.arange(_NOTE, dtype=np.int64)) * _ONE // _NOTE
        for k in range(1, 13):
            tone = _tone(_NOTES_MHZ[number % len(_NOTES_MHZ)] * k, begin, end)
            made[begin:end] += (tone * left // _ONE) * (_FULL // 16) // (k * _ONE)
    return made


def _speech() -> Counts:
    """Syllables: a voice of 110 Hz and more whose partials are strongest about 700 Hz."""
    made = _nothing()
    for number, begin in enumerate(range(*_SPEECH, _SYLLABLE)):
        sounding = _SYLLABLE * 4 // 5
        at = np.arange(sounding, dtype=np.int64)
        swell = np.minimum(np.minimum(at, sounding - at) * 20 * _ONE // sounding, _ONE)
        pitch = 110_000 + 7_000 * number
        for k in range(1, 25):
            strength = _FULL // (64 + abs(k * pitch // 1000 - 700) // 4)
            made[begin : begin + sounding] += (
                (_tone(pitch * k, 0, sounding) * swell // _ONE) * strength // _ONE
            )
    return made


def _hiss(draws: np.random.Philox) -> Counts:
    """Noise of 60 dB below full scale, near enough to a bell: four draws of 16 bits, added."""
    words = draws.random_raw(_FRAMES)
    shifts = [np.uint64(shift) for shift in (0, 16, 32, 48)]
    parts = [((words >> shift) & np.uint64(0xFFFF)).astype(np.int64) for shift in shifts]
    return np.asarray((np.sum(parts, axis=0) - 2 * 0xFFFF) // 5)


def _add_crackle(audio: Counts, draws: np.random.Philox) -> None:
    """Put ticks of a few samples, as dense as a worn disc's, over notes, other ones in each channel."""
    for channel in range(CHANNELS):
        words = draws.random_raw(2 * _TICKS)
        for place, size in words.reshape(_TICKS, 2):
            at = _CRACKLE[0] + int(place % np.uint64(_CRACKLE[1] - _CRACKLE[0]))
            height = _FULL // 128 + int(size % np.uint64(_FULL // 64))
            audio[channel, at : at + 3] += np.array([height, -height // 2, height // 4])


def _add_clicks(audio: Counts, draws: np.random.Philox) -> None:
    """Put short clicks anywhere, every third into one channel alone."""
    words = draws.random_raw(2 * _CLICKS)
    for number in range(_CLICKS):
        place = int(words[2 * number] % np.uint64(_FRAMES - _CLICK_FRAMES))
        height = _FULL // 8 + int(words[2 * number + 1] % np.uint64(_FULL // 4))
        shape = [height // ((-2) ** step) for step in range(_CLICK_FRAMES)]
        audio[slice(None) if number % 3 else slice(1), place : place + _CLICK_FRAMES] += np.array(shape)
