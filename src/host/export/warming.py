"""Everything run once before the host is told that the effect is ready: kernels compiled, models loaded."""

from __future__ import annotations

import copy

import numpy as np

from ...audio.arrays import Audio
from ..chain.chain import Chain
from ..chain.sources import ArraySource
from .latency import delay_of
from .rack import Rack
from .session import Ear, Session
from .state import Learned

_SECONDS = 2  # guard: heard beyond all that the chain looks ahead, so that every kernel runs
_HUM_HZ = 50.02  # tuned: by hand, no record; mains a little off its 50 Hz, as it is


def warm_up(chain: Chain, rate: int) -> None:
    """Run a made-up recording through a chain like this one, listened to first, in one channel and in two.

    Parameters
    ----------
    chain
        It is not changed.
    rate
        Hz: the lowest that it takes will do; kernels do not ask for it, and few samples are soon processed.

    Raises
    ------
    WavemendError
        The chain cannot run.
    """
    delay = delay_of(chain, rate)
    worn = _worn(_SECONDS * rate + delay.reported, rate)
    for channels in (1, 2):
        rack, audio = Rack(copy.deepcopy(chain)), worn[:channels]
        rack.take(Learned(rack.listener()(ArraySource(audio.copy()), rate)))
        session = Session(rack, Ear(), rate, channels, held_back=delay.held_back, tell=lambda line: None)
        for start in range(0, audio.shape[1], rate):
            session.step(audio[:, start : start + rate].copy(), strict=True)


def _worn(count: int, rate: int) -> Audio:
    """Make hum, hiss and clicks, with a tone in the middle half, shape (2, count)."""
    rng = np.random.default_rng(0)
    time = np.arange(count) / rate
    audio = rng.normal(0, 0.004, (2, count)) + 0.02 * np.sin(2 * np.pi * _HUM_HZ * time)
    audio[:, count // 4 : 3 * count // 4] += 0.1 * np.sin(
        2 * np.pi * 440 * time[: 3 * count // 4 - count // 4]
    )
    audio[:, :: rate // 3] += 0.4
    audio[:, 1 :: rate // 3] -= 0.2
    return audio
