"""Every finder over one recording in one pass."""

from __future__ import annotations

from ..audio.arrays import Audio
from ..audio.checks import check_rate, next_block
from ..contract.findings import Findings
from .finders import finders


class Survey:
    """All finders side by side, push-style; memory stays constant.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    nominal_bits
        Word length of the file; 0 for floating point or where it is not known.

    Raises
    ------
    AudioValueError
        A rate that no stage takes.
    PluginError
        A package's finder does not load.
    """

    def __init__(self, sample_rate: float, channels: int, nominal_bits: int = 0) -> None:
        check_rate(sample_rate)
        self._channels = channels
        self._heard = 0
        self._finders = finders()
        stood_for = {kind: name for name, own in self._finders.items() for kind in own.stands_for}
        # by name, who answers for a finder that another one makes needless
        self._answers = {name: stood_for[kind] for name, kind in self._finders.items() if kind in stood_for}
        self._analysers = {
            name: kind.for_recording(sample_rate, channels, nominal_bits)
            for name, kind in self._finders.items()
            if name not in self._answers
        }

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n); refused as `Stream.step` refuses it."""
        block = next_block(audio, self._channels, self._heard)
        self._heard += block.shape[1]
        for analyser in self._analysers.values():
            analyser.hear(block)

    def result(self) -> dict[str, Findings]:
        """Conclude: findings by the names of `finders`. Call once, after the last block."""
        found: dict[str, Findings] = {name: one.result() for name, one in self._analysers.items()}
        for name, by in self._answers.items():
            found[name] = self._analysers[by].result_for(self._finders[name])
        return {name: found[name] for name in self._finders}
