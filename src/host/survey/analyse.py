"""``wavemend analyse``: what is wrong with a recording, how bad, and what would help."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, cast

from ...analysis.carrier.bandwidth import Bandwidth
from ...analysis.carrier.codec import LossyHistory
from ...analysis.carrier.processed import Processed
from ...analysis.carrier.stereo import Stereo
from ...analysis.clicks.clicks import Clicks
from ...analysis.noise.noise_print import NO_NOISE, NoisePrint
from ...analysis.noise.rumble import RumbleFindings
from ...analysis.program.loudness import Loudness
from ...analysis.program.program import Program
from ...analysis.speeds import SINGLE
from ...analysis.survey import Survey
from ...audio.checks import check_rate
from ...contract.findings import Findings
from ...errors import AudioFileError, AudioValueError
from ..chain.compiling import compilation_told
from ..chain.progress import Progress
from ..files.audio_format import AudioFormat
from ..files.audio_reader import AudioReader
from ..files.source_file import SourceFile
from ..recording.identity import AudioHash, AudioIdentity
from ..recording.reading import hear

# tuned: by hand with bench suggestion, 2026-11-21; the split is not recorded
_SURE_OF_CLICKS = 0.6
_NARROW_HZ = 9_000.0  # electrically recorded 78s end below, LPs above
_DENSE_PER_MINUTE, _THIN_HZ = 1000.0, 60.0
_INAUDIBLE_DB = 60.0  # A-weighted noise so far under the program: no carrier is that quiet
_ARCHIVE_BITS, _ARCHIVE_RATE = 24, 96_000  # source: IASA-TC 04


@dataclass(frozen=True)
class Suggestion:
    """Preset that fits what was found, how strongly, and why.

    Attributes
    ----------
    preset
        Name of a factory preset; None where nothing is wrong.
    ease_lossy
        Whether to say so to `render`: the recording was decoded from a lossy file. Lossy files themselves are
        eased anyway.
    reasons
        One line each.
    """

    preset: str | None
    ease_lossy: bool
    reasons: list[str]

    def summary(self) -> str:
        """One line for people."""
        return f"try {self.preset}: {self.reasons[0]}" if self.preset else self.reasons[0]


@dataclass(frozen=True, repr=False)
class Analysis:
    """What `analyse` found out about one file.

    Attributes
    ----------
    source
        The file.
    format, frames
        What it is.
    findings
        By the names of `wavemend.analysis.finders.finders`.
    warnings
        What the field would warn of before restoring it.
    suggestion
        What would help.
    audio
        Which audio it is, for its document; None where that was not asked for.
    """

    source: Path
    format: AudioFormat
    frames: int
    findings: dict[str, Findings]
    warnings: list[str]
    suggestion: Suggestion
    audio: AudioIdentity | None = None

    def __repr__(self) -> str:
        return f"<wavemend.Analysis {self.source}: {self.suggestion.summary()}>"

    def _repr_html_(self) -> str:
        """Page for notebooks: what was found in bold, the warnings, and the suggestion."""
        rows = "".join(
            f"<tr><th style='text-align:left'>{name.replace('_', ' ')}</th>"
            f"<td style='text-align:left;font-weight:{'bold' if f.found else 'normal'}'>"
            f"{escape(f.describe())}</td></tr>"
            for name, f in self.findings.items()
        )
        lines = [*(f"warning: {warning}" for warning in self.warnings), self.suggestion.summary()]
        said = "".join(f"<div>{escape(line)}</div>" for line in lines)
        return f"<div><b>{escape(self.source.name)}</b></div><table>{rows}</table>{said}"

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "source": str(self.source),
            "container": self.format.container,
            "subtype": self.format.subtype,
            "sample_rate": self.format.sample_rate,
            "channels": self.format.channels,
            "frames": self.frames,
            "findings": {
                name: {"found": f.found, "summary": f.describe(), **f.to_json()}
                for name, f in self.findings.items()
            },
            "warnings": self.warnings,
            "suggestion": vars(self.suggestion),
        }


def analyse(
    source: str | os.PathLike[str],
    *,
    identify: bool = False,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Analysis:
    """Analyse the recording `source` in one pass, in constant memory.

    Parameters
    ----------
    source
        A sound file.
    identify
        Also hash its samples, which a recording document needs.
    progress
        Called with the share done (0 to 1) and what is being done.
    cancel
        Set it to stop.

    Raises
    ------
    AudioFileError
        The file cannot be read, holds no samples, or changed meanwhile.
    AudioValueError
        No stage takes its sample rate, so there is nothing to suggest; or it holds NaN or infinity.
    Cancelled
        `cancel` was set.
    """
    with SourceFile(source) as file:
        return analyse_file(file, identify=identify, progress=progress, cancel=cancel)


def analyse_file(
    source: SourceFile,
    *,
    identify: bool = False,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Analysis:
    """Analyse a recording that is open, as `analyse` does."""
    with AudioReader(source) as reader, compilation_told(progress) as show:
        if reader.frames == 0:
            raise AudioFileError(f"{reader.path}: holds no samples; there is nothing to analyse")
        form = reader.format
        try:
            check_rate(form.sample_rate)
        except AudioValueError as error:
            raise AudioValueError(f"{reader.path}: {error}") from None
        survey = Survey(form.sample_rate, form.channels, form.bits or 0)
        hashed = AudioHash()
        hear(reader, [survey, hashed] if identify else [survey], "listening", show, cancel)
        findings = survey.result()
        return Analysis(
            source=reader.path,
            format=form,
            frames=reader.frames,
            findings=findings,
            warnings=source_warnings(form, findings),
            suggestion=suggest(form, findings),
            audio=hashed.identity(reader.path.name, form) if identify else None,
        )


def source_warnings(form: AudioFormat, findings: dict[str, Findings]) -> list[str]:
    """Say what limits any restoration of this file, before it begins."""
    warnings = []
    codec = cast(LossyHistory, findings["codec"])
    processed = cast(Processed, findings["processed"])
    if not form.is_lossless:
        warnings.append(
            f"the file is {form.subtype}: lossy coding hides noise and makes its own artifacts; "
            "renders ease reductions by 25 % unless told otherwise"
        )
    elif codec.found:
        warnings.append(f"{codec.describe()}: it was decoded from a lossy file")
    if (form.bits or _ARCHIVE_BITS) < _ARCHIVE_BITS or form.sample_rate < _ARCHIVE_RATE:
        warnings.append("below 24 bits and 96 kHz: transfer the original again if it can still be played")
    if processed.normalised:
        warnings.append(f"normalised to {processed.peak_dbfs:.1f} dBFS: its level is not the transfer's")
    if processed.found:
        warnings.append(f"already processed: {processed.describe()}")
    return warnings


def suggest(form: AudioFormat, findings: dict[str, Findings]) -> Suggestion:
    """Choose the gentle preset of the medium that the findings speak of; none where nothing is wrong."""
    preset, reason = _medium(findings)
    if preset is None:
        return Suggestion(None, False, ["nothing is wrong with it that could be heard"])
    reasons = [reason]
    if findings["hum"].found and preset != "hum":
        reasons.append(findings["hum"].describe())
    decoded = preset != "prepare" and form.is_lossless and findings["codec"].found
    if decoded:
        reasons.append("decoded from a lossy file, it seems: reductions eased by 25 %")
    return Suggestion(preset, decoded, reasons)


def _medium(findings: dict[str, Findings]) -> tuple[str | None, str]:
    """Return the preset of the first thing that is wrong, in the order of restoration, and what that is."""
    clicks, rumble = cast(Clicks, findings["clicks"]), cast(RumbleFindings, findings["rumble"])
    program = cast(Program, findings["program"])
    rpm = clicks.revolution_rpm or rumble.revolution_rpm
    if clicks.confidence >= _SURE_OF_CLICKS or rpm:
        damage = clicks if clicks.found else rumble
        return ("shellac" if _is_shellac(findings, rpm) else "vinyl"), f"a disc: {damage.describe()}"
    if findings["noise"].found and _is_audible(findings):
        speech = program.share("speech") > program.share("music")
        noise = f"{findings['noise'].describe()}, under {program.describe()}"
        return ("voice-on-tape" if speech else "music-on-tape"), noise
    if findings["hum"].found:
        return "hum", findings["hum"].describe()
    if findings["offset"].found:
        return "prepare", findings["offset"].describe()
    return None, ""


def _is_shellac(findings: dict[str, Findings], rpm: float) -> bool:
    """Whether a disc is a 78: by its speed, its narrow band, or one channel with dense crackle or no bass.

    Crackle fills the treble, so the program's own upper limit often cannot be seen.
    """
    if rpm:
        return rpm > SINGLE.rpm
    clicks, bandwidth = cast(Clicks, findings["clicks"]), cast(Bandwidth, findings["bandwidth"])
    program, stereo = cast(Program, findings["program"]), cast(Stereo, findings["stereo"])
    if bandwidth.found and bandwidth.upper_hz.max() < _NARROW_HZ:
        return True
    one_channel = clicks.clicks_per_minute.size == 1 or bool(stereo.one_gain.all())
    per_minute = float((clicks.clicks_per_minute + clicks.crackle_per_minute).max())
    worn_or_thin = per_minute >= _DENSE_PER_MINUTE or bandwidth.lower_hz.min() >= _THIN_HZ
    return one_channel and worn_or_thin and program.share("music") > program.share("speech")


def _is_audible(findings: dict[str, Findings]) -> bool:
    """Whether the noise is near enough to the program, at the level that one would play that at."""
    noise, loudness = cast(NoisePrint, findings["noise"]), cast(Loudness, findings["loudness"])
    level = float(noise.level_dbfs_a[noise.noisy].max(initial=NO_NOISE))
    return loudness.integrated_lufs is None or loudness.integrated_lufs - level < _INAUDIBLE_DB
