"""``wavemend analyse``: what is wrong with a recording, how bad, and what would help."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, cast

from ...analysis.carrier.codec import LossyHistory
from ...analysis.carrier.processed import Processed
from ...analysis.clicks.clicks import Clicks
from ...analysis.medium.medium import MediumOdds, medium_odds
from ...analysis.medium.surface import Surface
from ...analysis.medium.traits import floor_db, turns_a_minute
from ...analysis.noise.noise_print import NO_NOISE, NoisePrint
from ...analysis.program.loudness import Loudness
from ...analysis.program.program import Program
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
_INAUDIBLE_DB = 60.0  # A-weighted noise so far under the program: no carrier is that quiet

# tuned: by hand with bench.material.tuning.media, tuning ranges and takes, 2026-11-29
_DISC, _SURELY_DISC = 0.5, 0.75
_NOISE_DB = -42.0  # a floor that is heard
_SURELY_DIGITAL = 0.8
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
            "medium": medium_odds(self.findings).to_json(),
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
    medium = medium_odds(findings)
    preset, reason = _wrong(findings, medium)
    if preset is None:
        return Suggestion(None, False, [reason, f"medium: {medium.describe()}"])
    reasons = [reason]
    if preset not in ("hum", "prepare"):
        reasons.append(f"medium: {medium.describe()}")
        if findings["hum"].found:
            reasons.append(findings["hum"].describe())
    decoded = preset != "prepare" and form.is_lossless and findings["codec"].found
    if decoded:
        reasons.append("decoded from a lossy file, it seems: reductions eased by 25 %")
    return Suggestion(preset, decoded, reasons)


def _wrong(findings: dict[str, Findings], medium: MediumOdds) -> tuple[str | None, str]:
    """Return the preset of the first thing that is wrong, in the order of restoration, and what that is."""
    clicks, surface = cast(Clicks, findings["clicks"]), cast(Surface, findings["surface"])
    shares = medium.probability
    groove = shares["microgroove"] + shares["coarse groove"]
    is_disc = groove >= _DISC or (clicks.confidence >= _SURE_OF_CLICKS and not _is_radio(findings, medium))
    rumble, noise = findings["rumble"], findings["noise"]
    # a dense mix has no pauses, so its floor is no surface: something else must speak for one
    worn = [one for one in (clicks, surface, noise) if one.found]
    if not worn and rumble.found and groove >= _SURELY_DISC:
        worn.append(rumble)
    if is_disc and worn:
        coarse = shares["coarse groove"] > shares["microgroove"]
        return ("shellac" if coarse else "vinyl"), f"a disc: {worn[0].describe()}"
    if _is_noisy(findings, medium):
        program = cast(Program, findings["program"])
        speech = program.share("speech") > program.share("music")
        floor = f"a floor {-floor_db(surface):.0f} dB under the loud parts"
        static = floor_db(surface) <= _NOISE_DB and clicks.found
        found = noise.describe() if noise.found else f"static: {clicks.describe()}" if static else floor
        return ("voice-on-tape" if speech else "music-on-tape"), f"{found}, under {program.describe()}"
    if findings["hum"].found:
        return "hum", findings["hum"].describe()
    if findings["offset"].found:
        return "prepare", findings["offset"].describe()
    return None, "nothing is wrong with it that could be heard"


def _is_noisy(findings: dict[str, Findings], medium: MediumOdds) -> bool:
    """Whether steady noise is heard: a print near the program, or the floor of a tape or a broadcast."""
    if findings["noise"].found and medium.probability["digital"] < _SURELY_DIGITAL:
        return _is_audible(findings)
    if _is_radio(findings, medium) and cast(Clicks, findings["clicks"]).confidence >= _SURE_OF_CLICKS:
        return True
    old = medium.told and medium.likeliest in ("tape", "radio")
    return old and floor_db(cast(Surface, findings["surface"])) > _NOISE_DB


def _is_radio(findings: dict[str, Findings], medium: MediumOdds) -> bool:
    """Whether it is a broadcast, whose static clicks as a disc does, and nothing turned."""
    return medium.told and medium.likeliest == "radio" and not turns_a_minute(findings)


def _is_audible(findings: dict[str, Findings]) -> bool:
    """Whether the noise is near enough to the program, at the level that one would play that at."""
    noise, loudness = cast(NoisePrint, findings["noise"]), cast(Loudness, findings["loudness"])
    level = float(noise.level_dbfs_a[noise.noisy].max(initial=NO_NOISE))
    return loudness.integrated_lufs is None or loudness.integrated_lufs - level < _INAUDIBLE_DB
