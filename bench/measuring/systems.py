"""What the tables compare: a stage, a peer or a yardstick, each as a function of a damaged take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.material.damage import Clicked, Damaged
from bench.measuring.yardsticks import additive_pulse, exact_span_lsar, oracle_wiener, two_pass_wiener

Run = Callable[[Any, int], np.ndarray]


@dataclass(frozen=True)
class System:
    """One column of a table.

    Attributes
    ----------
    name : str
    run : callable
        ``run(damaged, sample_rate)`` returns audio of the shape of ``damaged.audio``, aligned with it.
    missing : str
        Why it cannot run here; its column is then empty. "" where it can.
    count : callable, optional
        ``count(audio, sample_rate)`` returns how many clicks it finds.
    """

    name: str
    run: Run
    missing: str = ""
    count: Callable[[np.ndarray, int], int] | None = None


def stage_system(name: str, stage: Any) -> System:
    """Make a column of a stage or a chain: it hears the damaged recording and nothing else."""
    return System(name, lambda damaged, sample_rate: stage.process(damaged.audio, sample_rate))


def click_finder(name: str, stage: Any) -> System:
    """Make a column of a stage whose events are clicks."""

    def count(audio: np.ndarray, sample_rate: int) -> int:
        found: list[Any] = []
        stream = stage.stream(sample_rate, len(audio))
        stream.step(audio, found.append)
        stream.flush(found.append)
        return len(found)

    return System(name, stage_system(name, stage).run, count=count)


def click_yardsticks() -> list[System]:
    """Return the repairs that know every span: without, and with what each pulse's variance is."""

    def lsar(damaged: Clicked, sample_rate: int) -> np.ndarray:
        return exact_span_lsar(damaged)

    def pulse(damaged: Clicked, sample_rate: int) -> np.ndarray:
        return additive_pulse(damaged)

    return [System("yardstick: exact-span LSAR", lsar), System("yardstick: additive noise pulse", pulse)]


def noise_yardsticks() -> list[System]:
    """Return the denoiser that is told where noise is alone, and the one that knows both spectra."""

    def two_pass(damaged: Damaged, sample_rate: int) -> np.ndarray:
        return two_pass_wiener(damaged.audio, damaged.program.start)

    def oracle(damaged: Damaged, sample_rate: int) -> np.ndarray:
        return oracle_wiener(damaged)

    return [System("yardstick: two-pass Wiener", two_pass), System("yardstick: oracle Wiener", oracle)]
