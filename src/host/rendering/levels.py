"""How loud a recording was and is: measured and told, never made so."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from ...analysis.program.loudness import Loudness, LoudnessAnalyser
from ...audio.crew import Crew
from ..chain.progress import Progress
from ..files.audio_reader import AudioReader
from ..files.source_file import SourceFile
from ..recording.reading import hear


@dataclass(frozen=True)
class Levels:
    """Loudness of one file.

    Attributes
    ----------
    loudness
        After ITU-R BS.1770-4 and EBU Tech 3342, with peaks.
    momentary_lufs, short_term_lufs
        The highest there is (EBU Tech 3341); None where all is below -70 LUFS, or under 0.4 and 3 s long.
    """

    loudness: Loudness
    momentary_lufs: float | None
    short_term_lufs: float | None

    @property
    def figures(self) -> tuple[float | None, ...]:
        """What a Broadcast Wave says (EBU Tech 3285 v2), in its order; None where there is none."""
        found = self.loudness
        peak = float(found.true_peak_dbtp.max()) if found.found else None
        return found.integrated_lufs, found.range_lu, peak, self.momentary_lufs, self.short_term_lufs

    def to_json(self) -> dict[str, float]:
        """Figures by their names, those that there are."""
        names = ("integrated_lufs", "range_lu", "true_peak_dbtp", "momentary_lufs", "short_term_lufs")
        figures = zip(names, self.figures, strict=True)
        return {name: round(value, 2) for name, value in figures if value is not None}


def levels_of(
    source: SourceFile | Path,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    crew: Crew | None = None,
) -> Levels:
    """Read a file through once more and measure it, as one of a `crew` that is at work already.

    Raises
    ------
    Cancelled
        `cancel` was set.
    AudioFileError
        It cannot be read, or changed meanwhile.
    """
    with AudioReader(source) as reader:
        analyser = LoudnessAnalyser(reader.format.sample_rate, reader.format.channels)
        hear(reader, [analyser], "measuring loudness", progress, cancel, crew=crew)
        return Levels(analyser.result(), *analyser.loudest_lufs())
