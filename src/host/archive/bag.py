"""A restored collection as a bag (RFC 8493): its files, checksums of each, and how they came about as METS.

Needs bagit and metsrw, of the extra ``wavemend[archive]``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import bagit

from ...errors import AudioFileError, ManifestError, PlanError
from ..files.syncing import sync_folder
from ..storage.folders import clear_folders, published_folder
from .manifest import MANIFEST, Entry, Manifest
from .provenance import Provenance
from .recipe import Recipe
from .restoring import is_there

PAYLOAD = "restored"
"""Folder of the recordings in the payload; the METS file lies beside it."""

METS = "mets.xml"


@dataclass(frozen=True)
class Bag:
    """A bag that was made.

    Attributes
    ----------
    path
        Where it is.
    recordings, files
        How many there are in it.
    left_out
        Recordings that were not done, and why.
    """

    path: Path
    recordings: int
    files: int
    left_out: Mapping[str, str]


def make_bag(
    target: Path,
    bag: Path,
    *,
    info: Mapping[str, str | list[str]],
) -> Bag:
    """Copy what is done of the collection in `target` into a new bag.

    Parameters
    ----------
    target
        Folder that a collection was restored into; it is only read.
    bag
        Folder to make; it must not be there. It appears whole, or not at all.
    info
        Fields of ``bag-info.txt``, such as ``Source-Organization``; several of a name as a list.

    Raises
    ------
    ManifestError
        There is no manifest, or an output is not what it says.
    PlanError
        The bag is there already, or lies in the collection; or nothing is done.
    AudioFileError
        It cannot be written.
    """
    if os.path.lexists(bag):
        raise PlanError(f"{bag}: is there already; name a folder that is not")
    if bag.resolve().is_relative_to(target.resolve()):
        raise PlanError(f"{bag}: lies in the collection itself; name a folder outside {target}")
    with Manifest(target) as manifest:
        every, recipes = manifest.entries(), manifest.recipes()
    done = [entry for entry in every if entry.state == "done"]
    if not done:
        raise PlanError(f"{target}: nothing in it is done; restore it first with `wavemend batch`")
    _check_names(done)
    _check_recipes(target, done, recipes)
    try:
        folder = bag.absolute().parent
        folder.mkdir(parents=True, exist_ok=True)
        clear_folders(folder)  # what killed ones left, which may be large
        with published_folder(bag.absolute()) as part:
            files = _fill(part, target, done, recipes, info)
        sync_folder(folder)
    except (OSError, bagit.BagError) as error:
        if isinstance(error, AudioFileError):
            raise
        raise AudioFileError(f"{bag}: cannot be written: {error}") from error
    return Bag(bag, len(done), files, {e.name: e.error or e.state for e in every if e.state != "done"})


def _check_names(done: list[Entry]) -> None:
    """Refuse names that no list of checksums in UTF-8 can hold."""
    for entry in done:
        try:
            entry.path.encode("utf-8")
        except UnicodeEncodeError:
            raise PlanError(
                f"{entry.source}: its name is not valid UTF-8, as names in a bag must be; rename "
                "the recording and restore it again"
            ) from None


def _check_recipes(target: Path, done: list[Entry], recipes: Mapping[str, Recipe]) -> None:
    """Refuse what nothing could be told of."""
    for entry in done:
        try:
            _ = recipes[entry.recipe].version
        except (KeyError, TypeError, ValueError, RecursionError):
            raise ManifestError(
                f"{target / MANIFEST}: does not say by what {entry.path} was made; put a copy in its place"
            ) from None


def _fill(
    part: Path,
    target: Path,
    done: list[Entry],
    recipes: Mapping[str, Recipe],
    info: Mapping[str, str | list[str]],
) -> int:
    outputs = [output for entry in done for output in entry.outputs]
    for output in outputs:
        copy = part / PAYLOAD / output.path
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (target / output.path).is_file():
            shutil.copy2(target / output.path, copy)
        if not is_there(part / PAYLOAD, output):  # the copy itself, so that nothing changes in between
            raise ManifestError(
                f"{target / output.path}: is not what the manifest says; say the same `wavemend batch` again"
            )
    ended = max(entry.ended for entry in done)
    Provenance(done, recipes, ended).to_mets(PAYLOAD).write(os.fspath(part / METS), pretty_print=True)
    made = bagit.make_bag(os.fspath(part), bag_info=dict(info), checksums=["sha256"])
    made.validate()
    return len(outputs)
