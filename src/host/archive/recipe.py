"""What is done to a recording, said whole: the same recipe makes the same bytes of the same source."""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import AudioFileError
from ..chain.chain import Chain
from ..presets.overrides import chain_with
from ..recording.document_files import SUFFIX, document_path
from ..rendering.options import RenderOptions
from ..rendering.report import codes_of, slots_of, versions
from ..storage.hashing import sha256_of
from ..storage.json_text import json_text

NOTHING = "none"
"""Stands for a preset: a recording that needs nothing is handed on as it is."""

_NOT_THE_SOUND = {"overwrite", "documents"}  # where documents lie says nothing; what they say is hashed apart


@dataclass(frozen=True)
class Recipe:
    """A chain with every value, options, versions of all that computes, and code from elsewhere.

    Attributes
    ----------
    preset
        What it is called.
    text
        All of it as JSON, keys in order.
    """

    preset: str
    text: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the text: what a recording was made by."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def version(self) -> str:
        """Version of this program that it is of."""
        return str(json.loads(self.text)["versions"]["wavemend"])


def recipe_of(preset: str, chain: Chain, options: RenderOptions) -> Recipe:
    """Return the recipe of a chain that is loaded: two that differ in anything that is heard differ."""
    content: dict[str, Any] = {
        "chain": slots_of(chain),
        "code": codes_of(chain),
        "options": {
            one.name: getattr(options, one.name) for one in fields(options) if one.name not in _NOT_THE_SOUND
        },
        "versions": versions(),
    }
    return Recipe(preset, json_text(content, indent=None))


def chain_maker(preset: str, settings: list[str], missing: str | None) -> Callable[[], Chain]:
    """Return what makes the chain of `preset`, anew each time; it pickles."""
    return Chain if preset == NOTHING else partial(chain_with, preset, settings, missing)


def document_sha256(source: Path, options: RenderOptions) -> str:
    """SHA-256 of the recording documents that `source` may have; empty where there is none.

    Raises
    ------
    AudioFileError
        One cannot be read.
    """
    if not options.document:
        return ""
    folder = Path(options.documents) if options.documents is not None else None
    plain = document_path(source, folder)
    name = plain.name.removesuffix(SUFFIX)
    likely = [plain] if folder is None else [plain, *sorted(folder.glob(f"{glob.escape(name)}.*{SUFFIX}"))]
    try:
        hashes = [sha256_of(path) for path in likely if path.is_file()]
    except OSError as error:
        raise AudioFileError(f"{plain}: cannot be read: {error.strerror or error}") from None
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest() if hashes else ""
