"""Noise that a person shows: taken at its word, and said where it rather looks like a program."""

from __future__ import annotations

import warnings

import numpy as np

from ...audio.arrays import Array, Audio
from ...errors import FindingsError
from .evidence import LEAST_NOISE_DBFS
from .floor import BLOCK_FRAMES, Block, active_bands, decibels, expected_scatter, unevenness
from .noise_print import NoiseBlocks
from .ranges import SHORTEST_RANGE_S, PrintRangesAnalyser
from .segments import WINDOW_SECONDS, NoiseSegments

# tuned: bench.material.tuning.noise, tuning set, 2026-11-29: of 0.4 and 1 s of noise one of the two shares is
# 0.64 at least; of music and speech they are 0.6 and 0.68 at most, 0.3 on average
_PROGRAM_SHARE = 0.6  # of the bands that scatter as noise does over time, or are smooth over frequency
_STEADY, _SMOOTH = (0.12, 0.87), (0.06, 0.51)  # what noise may be off by, and by how much more in few bins

_OWN_WORD_SECONDS = 5.0  # tuned: by hand, no record; nobody shows less and means its pauses
_LEAST_BLOCKS = 3  # derived: those of a stretch of pause; less tells nothing about its scatter
_PROGRAM_DB = 10.0  # tuned: by hand, no record; as `range_levels` has it


def shown_noise(audio: Audio, sample_rate: float, heard: NoiseSegments) -> NoiseSegments:
    """Return the print of what a person shows, noise alone or a recording.

    Up to 5 s are noise alone, unless what was heard in their pauses lies far under the rest; what is longer
    and under half a minute is where it looks like noise.

    Parameters
    ----------
    audio
        Shape (channels, n).
    sample_rate
        Hz.
    heard
        What the analysis of `audio` as a recording finds.

    Raises
    ------
    FindingsError
        It is too short, or silent.

    Warns
    -----
    UserWarning
        It looks like a program, or nothing was learned.
    """
    seconds = audio.shape[1] / sample_rate
    if seconds < SHORTEST_RANGE_S:
        raise FindingsError(
            f"{seconds:.3f} s were shown as noise; a noise print needs at least {SHORTEST_RANGE_S} s"
        )
    if not np.any(np.mean(audio**2, axis=1) >= 10 ** (LEAST_NOISE_DBFS / 10)):
        raise FindingsError(
            f"what was shown as noise is silent (under {LEAST_NOISE_DBFS:.0f} dBFS); show a stretch in which "
            "the noise is heard"
        )
    if seconds >= WINDOW_SECONDS or (heard.found and _under_a_program(audio, sample_rate, heard)):
        return _told(heard)
    program = _looks_like_a_program(audio, sample_rate)
    if program and seconds > _OWN_WORD_SECONDS:
        return _told(heard)
    if program and not heard.found:
        warnings.warn(
            "what was shown as noise alone looks like a program: it has tones, or changes; it is taken for "
            "noise as it is",
            stacklevel=4,
        )
    ranges = [(0, audio.shape[1])]
    analyser = PrintRangesAnalyser(sample_rate, len(audio), ranges)
    analyser.push(audio)
    return analyser.result()


def _told(heard: NoiseSegments) -> NoiseSegments:
    if not heard.found:
        warnings.warn(
            "nothing was learned: no steady noise was heard in it; show a stretch of noise alone, under "
            f"{_OWN_WORD_SECONDS:.0f} s",
            stacklevel=5,
        )
    return heard


def _under_a_program(audio: Audio, sample_rate: float, heard: NoiseSegments) -> bool:
    """Tell whether half of `audio` is far louder than the noise that was heard in it, in each channel."""
    size = max(round(0.1 * sample_rate), 1)
    blocks = audio[:, : audio.shape[1] // size * size].reshape(len(audio), -1, size)
    level = decibels(np.maximum(np.median(blocks.var(axis=2), axis=1), 1e-20))
    prints = [heard.print_of(one) for one in range(heard.start_s.size)]
    sounds, known = level > LEAST_NOISE_DBFS, np.any([one.noisy for one in prints], axis=0)
    if np.any(sounds & ~known):
        return False  # a channel that sounds has no print
    noise = np.mean([one.level_dbfs for one in prints], axis=0)
    return bool(np.max((level - noise)[sounds], initial=0.0) > _PROGRAM_DB)


def _looks_like_a_program(audio: Audio, sample_rate: float) -> bool:
    """Tell whether neither over time nor over frequency most bands are what noise is."""
    listener = NoiseBlocks(sample_rate, len(audio))
    size = listener.length
    blocks = [listener.hear(audio[:, at : at + size])[0] for at in range(0, audio.shape[1] - size + 1, size)]
    blocks = blocks[1:] or blocks  # the first hears silence before it
    if len(blocks) < _LEAST_BLOCKS:
        return False
    steady, smooth = _like_noise(blocks, listener)
    return max(steady, smooth) < _PROGRAM_SHARE


def _like_noise(blocks: list[Block], listener: NoiseBlocks) -> tuple[float, float]:
    """Return the shares of bands that scatter over time, and are as smooth over frequency, as noise is."""
    bands, count = listener.bands, len(blocks)
    density: Array = np.mean([one.density for one in blocks], axis=0)
    in_bands, log_density = bands.mean(density), bands.mean(np.log(density))
    over_time = log_density - np.mean([one.log for one in blocks], axis=0)
    over_time -= expected_scatter(BLOCK_FRAMES * count)
    chance = bands.few / np.sqrt(count)
    active = active_bands(density, in_bands)
    if not active.any():
        return 1.0, 1.0
    steady = np.abs(over_time) < _STEADY[0] + _STEADY[1] * bands.few
    smooth = unevenness(in_bands, log_density) < _SMOOTH[0] + _SMOOTH[1] * chance
    return float(np.mean(steady[active])), float(np.mean(smooth[active]))
