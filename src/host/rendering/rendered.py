"""What one render did."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ...analysis.artifacts.artifacts import Artifact
from ...contract.findings import Findings
from ..chain import path as chain_path
from ..recording.document import Span


@dataclass(frozen=True)
class Rendered:
    """What one render did.

    Attributes
    ----------
    source, output, report
        Paths of the input, the restored file and its JSON report.
    removed, events_file, labels_file
        Paths of what was removed, of the event list and of the label track; None where not asked for.
    seconds
        Length of the recording.
    findings
        What each stage that listened found, by its path in the chain.
    events
        Number of events by path and kind.
    loudness
        Figures of ``"input"`` and ``"output"`` by their names: ``integrated_lufs``, ``range_lu``,
        ``true_peak_dbtp``, ``momentary_lufs`` and ``short_term_lufs``, those that there are.
    headroom_gain
        Gain that kept an over from clipping; 1.0 where there was none.
    artifacts
        Where the repair itself harmed, at the times of the source; see docs/guard.md.
    eased
        Where the guard eased it.
    warnings
        What a person should know.
    """

    source: Path
    output: Path
    report: Path
    removed: Path | None
    events_file: Path | None
    labels_file: Path | None
    seconds: float
    findings: dict[chain_path.Path, Findings]
    events: dict[tuple[chain_path.Path, str], int]
    loudness: dict[str, dict[str, float]]
    headroom_gain: float = 1.0
    artifacts: list[Artifact] = field(default_factory=list)
    eased: list[Span] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
