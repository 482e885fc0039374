"""Where the files of a render go, and which places are refused."""

from __future__ import annotations

from pathlib import Path

from ...errors import AudioFileError
from ..files.audio_format import AudioFormat
from ..files.source_file import SourceFile
from .file_names import beside, fitted

REPORT_SUFFIX = ".report.json"


def removed_path(output: Path, form: AudioFormat) -> Path:
    """Return where the signal removed from the recording behind `output` goes."""
    return output.with_name(fitted(output.stem, f".removed{form.extension}"))


def report_path(output: Path) -> Path:
    """Return where the JSON report of `output` goes."""
    return beside(output, REPORT_SUFFIX)


def events_path(output: Path) -> Path:
    """Return where the event list of `output` goes."""
    return beside(output, ".events.jsonl")


def labels_path(output: Path) -> Path:
    """Return where the Audacity labels of the events of `output` go."""
    return beside(output, ".labels.txt")


def make_folder(folder: Path) -> None:
    """Make a folder for outputs, and those above it; raises `AudioFileError` where that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise AudioFileError(f"{folder}: is a file; name a folder for the outputs") from None
    except OSError as error:
        raise AudioFileError(f"{folder}: the folder cannot be made: {error.strerror or error}") from None


def refuse_same_file(source: SourceFile, output: Path) -> None:
    """Raise `AudioFileError` where an output would be written over the input, or over a folder."""
    if source.is_at(output):
        raise AudioFileError(
            f"{output}: is the input itself, which is never written over; choose another name"
        )
    if output.is_dir():
        raise AudioFileError(f"{output}: is a folder; name a file")
