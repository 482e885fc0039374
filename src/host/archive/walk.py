"""Which recordings are meant by files, folders and glob patterns: nothing is left out without a word.

Links are followed, and what is reached twice is one recording. What cannot be looked at is told as a failure
of its own; litter of systems, and outputs of earlier runs, are left out and counted.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import PlanError
from ..files.audio_format import AUDIO_SUFFIXES
from ..files.video.kinds import VIDEO_SUFFIXES
from ..rendering.report import made_from
from ..storage.outputs import REPORT_SUFFIX
from ..storage.publishing import PART_SUFFIX

# What systems, shares and archivers leave beside recordings; some of it bears the names of recordings.
_LITTER = re.compile(
    r"\._.* | \.DS_Store | \.localized | Icon\r | Thumbs\.db | ehthumbs\.db | desktop\.ini | \.directory"
    r"| \.Trash.* | \$RECYCLE\.BIN | RECYCLER | \#recycle | @Recycle | lost\+found"
    r"| System\ Volume\ Information | @eaDir | @Recently-Snapshot | \#snapshot | \.snapshots? | \.zfs"
    r"| __MACOSX | \.AppleDouble | \.Spotlight-V100 | \.fseventsd | \.TemporaryItems"
    r"| \.DocumentRevisions-V100 | \.thumbnails"
    r"| \.\#.* | \.~lock\..* | ~\$.* | \.nfs[0-9a-f]+ | \.fuse_hidden.* | \.smbdelete.*"
    rf"| \..*{re.escape(PART_SUFFIX)}",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


# Recordings too, of kinds that cannot be read here: each is tried, and fails with a line of its own.
_UNREAD_SUFFIXES = {
    ".aac", ".ac3", ".amr", ".ape", ".dff", ".dsf", ".dts", ".mpc", ".ra", ".shn",
    ".spx", ".tak", ".tta", ".wma", ".wv",
    ".asf", ".flv", ".m2p", ".m2ts", ".mpeg", ".mpg", ".mts", ".vob", ".wmv",
}  # fmt: skip
_SOUND_SUFFIXES = AUDIO_SUFFIXES | VIDEO_SUFFIXES | _UNREAD_SUFFIXES


@dataclass(frozen=True)
class Recording:
    """A sound file that was named or found.

    Attributes
    ----------
    path
        Where it is.
    below
        Its path below the folder, or below the fixed part of the pattern, that it was found by; of a file
        that was named, its name.
    """

    path: Path
    below: Path


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes
    ----------
    recordings
        In the order of the inputs, those of one input in the order of their names.
    unlisted
        Path, and one line that says why, of everything that may hold recordings but could not be looked at.
    notes
        What was left out on purpose: one line a kind.
    """

    recordings: list[Recording]
    unlisted: list[tuple[Path, str]]
    notes: list[str]


def find_recordings(
    inputs: Iterable[str], *, exclude: Sequence[str] = (), outputs: Path | None = None
) -> Found:
    """Find the recordings that `inputs` mean.

    Parameters
    ----------
    inputs
        Files, folders (searched through) and glob patterns (``**`` stands for any folders).
    exclude
        Patterns of what is left out: of a name at any depth, or, with a slash, of a path below the input.
    outputs
        Folder that outputs go to; where it lies inside an input, it is not searched.

    Raises
    ------
    PlanError
        An input is not there, a folder that was named cannot be listed, or a pattern matches nothing.
    """
    walk = _Walk(exclude, outputs)
    for text in inputs:
        walk.add(text)
    return walk.found()


class _Pattern:
    """A glob pattern's parts below its fixed base; without parts it takes every sound file."""

    def __init__(self, parts: tuple[str, ...] = ()) -> None:
        self._parts = parts
        # A pattern that names an ending means it; "*" alone means recordings.
        self._any_ending = bool(parts) and not re.search(r"[*?\]]$", parts[-1])

    def takes(self, below: tuple[str, ...]) -> bool:
        """Whether a file is meant, by its own name or by that of a folder above it."""
        if self._any_ending and _matches(below, self._parts):
            return True
        inside = not self._parts or any(_matches(below[:n], self._parts) for n in range(1, len(below) + 1))
        return inside and Path(below[-1]).suffix.lower() in _SOUND_SUFFIXES

    def may_hold(self, below: tuple[str, ...]) -> bool:
        """Whether a folder may hold what is meant."""
        return not self._parts or _begins(below, self._parts)


class _Walk:
    """The work of one `find_recordings` call."""

    def __init__(self, exclude: Sequence[str], outputs: Path | None) -> None:
        self._exclude = exclude
        self._outputs = outputs
        self._outputs_key = _identity(outputs) if outputs else None
        self._recordings: list[Recording] = []
        self._first: dict[str, Path] = {}
        self._named: set[Path] = set()
        self._made_from: dict[Path, str] = {}
        self._unlisted: list[tuple[Path, str]] = []
        self._litter: list[Path] = []
        self._excluded: list[Path] = []
        self._again: dict[str, Path] = {}
        self._met_outputs = False

    def add(self, text: str) -> None:
        """Search one input."""
        path = Path(text)
        try:
            mode = path.stat().st_mode
        except OSError as error:
            if glob.has_magic(text) and not os.path.lexists(path):
                return self._add_pattern(text)
            link = (
                f"is a link to {path.readlink()}, which cannot be reached: " if os.path.islink(path) else ""
            )
            raise PlanError(f"{path}: {link}{error.strerror or error}") from None
        if stat.S_ISDIR(mode):
            self._tree(path, _Pattern())
        elif not stat.S_ISREG(mode):
            raise PlanError(f"{path}: is no regular file")
        elif excludes(self._exclude, (path.name,), path.parts):
            self._excluded.append(path)
        else:
            self._named.add(path)
            self._take(Recording(path, Path(path.name)), os.path.realpath(path))

    def _add_pattern(self, text: str) -> None:
        parts = Path(text).parts
        fixed = next(n for n, part in enumerate(parts) if glob.has_magic(part))
        base = Path(*parts[:fixed])
        if not (base.is_dir() and self._tree(base, _Pattern(parts[fixed:]))):
            raise PlanError(f"{text}: no file matches")

    def _tree(self, root: Path, pattern: _Pattern) -> bool:
        """Search a folder; return whether anything was there, be it left out or not to be looked at.

        Links are followed last, so that a recording goes by the path that it has of its own.
        """
        before = (len(self._recordings), len(self._unlisted))
        met = False
        seen: set[tuple[int, int]] = set()
        folders, links = [root], list[Path]()
        while folders or links:
            if not folders:
                path = links.pop(0)
                met |= self._visit(path, path.relative_to(root), pattern, folders, follow=True)
                continue
            folder = folders.pop()
            for path in self._entries(folder, root, seen):
                if os.path.islink(path):
                    links.append(path)
                else:
                    met |= self._visit(path, path.relative_to(root), pattern, folders, follow=False)
        self._recordings[before[0] :] = sorted(
            self._recordings[before[0] :], key=lambda recording: recording.below.parts
        )
        return met or len(self._unlisted) > before[1]

    def _entries(self, folder: Path, root: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
        """List a folder that was not seen yet, without litter and what is excluded."""
        try:
            key = _identity(folder, strict=True)
            names = sorted(os.listdir(folder))
        except OSError as error:
            why = f"{folder}: the folder cannot be listed: {error.strerror or error}"
            if folder == root:
                raise PlanError(why) from None
            self._unlisted.append((folder, why))
            return
        if folder != root and key == self._outputs_key:
            self._met_outputs = True
            return
        if key is None or key in seen:
            return
        seen.add(key)
        for name in names:
            path = folder / name
            if is_litter(name):
                self._litter.append(path)
            elif excludes(self._exclude, path.relative_to(root).parts, path.parts):
                self._excluded.append(path)
            else:
                if name.endswith(REPORT_SUFFIX):
                    self._made_from |= {folder / made: origin for made, origin in made_from(path).items()}
                yield path

    def _visit(
        self, path: Path, below: Path, pattern: _Pattern, folders: list[Path], *, follow: bool
    ) -> bool:
        """Look at one entry: queue a folder, take a recording; return whether a recording was meant."""
        takes = pattern.takes(below.parts)
        if not (takes or pattern.may_hold(below.parts)):
            return False
        try:
            mode = path.stat().st_mode
        except OSError as error:
            if (
                not takes and path.suffix.lower() in _SOUND_SUFFIXES
            ):  # a recording that the pattern leaves out
                return False
            link = f"is a link to {path.readlink()}, which " if follow else ""
            self._unlisted.append((path, f"{path}: {link}cannot be looked at: {error.strerror or error}"))
            return True
        if stat.S_ISDIR(mode):
            if pattern.may_hold(below.parts):
                folders.append(path)
            return False
        if takes and not stat.S_ISREG(mode):
            self._unlisted.append((path, f"{path}: is no regular file"))
        elif takes:
            self._take(Recording(path, below), os.path.realpath(path))
        return takes

    def _take(self, recording: Recording, real: str) -> None:
        first = self._first.setdefault(real, recording.path)
        if first is recording.path:
            self._recordings.append(recording)
        elif os.path.abspath(first) != os.path.abspath(recording.path):
            self._again[real] = recording.path

    def found(self) -> Found:
        """Leave out what earlier runs made of recordings that are found too; say what was left out."""
        fresh = {one.path.name for one in self._recordings if one.path not in self._made_from}
        earlier = [
            one.path
            for one in self._recordings
            if one.path not in self._named and self._made_from.get(one.path) in fresh
        ]
        left_out = set(earlier)
        recordings = [one for one in self._recordings if one.path not in left_out]
        notes = [
            f"{what}: {len(paths)}, such as {paths[0]}"
            for what, paths in (
                ("litter of systems left out", self._litter),
                ("outputs of earlier runs left out, unless they are named", earlier),
                ("recordings that several paths lead to, taken once", [*self._again.values()]),
                ("excluded", self._excluded),
            )
            if paths
        ]
        if self._met_outputs:
            notes.append(f"{self._outputs} was not searched: the outputs go there")
        return Found(recordings, self._unlisted, notes)


def is_litter(name: str) -> bool:
    """Whether a name is of what systems, shares and archivers leave beside recordings."""
    return bool(_LITTER.fullmatch(name))


def may_be_sound(name: str) -> bool:
    """Whether a name ends as recordings do, those too that cannot be read here."""
    return Path(name).suffix.lower() in _SOUND_SUFFIXES


def excludes(exclude: Sequence[str], below: tuple[str, ...], path: tuple[str, ...] = ()) -> bool:
    """Whether patterns leave out what has the parts `below` under its input, or `path` in all."""
    for pattern in (Path(one).parts for one in exclude):
        if len(pattern) == 1 and _part_matches(below[-1], pattern[0], hidden=True):
            return True
        if any(_matches(parts, pattern, hidden=True) for parts in (below, path)):
            return True
    return False


def _identity(folder: Path, *, strict: bool = False) -> tuple[int, int] | None:
    """Device and inode of a folder, by whatever path it is reached; None where it is not there."""
    try:
        found = folder.stat()
    except OSError:
        if strict:
            raise
        return None
    return found.st_dev, found.st_ino


def _part_matches(part: str, pattern: str, *, hidden: bool) -> bool:
    shown = hidden or pattern.startswith(".") or not part.startswith(".")
    return shown and fnmatch.fnmatch(part, pattern)


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...], *, hidden: bool = False) -> bool:
    """Whether a path fits a whole pattern; wildcards stand for dots in front only where `hidden`."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        deeper = bool(parts) and (hidden or not parts[0].startswith("."))
        return _matches(parts, pattern[1:], hidden=hidden) or (
            deeper and _matches(parts[1:], pattern, hidden=hidden)
        )
    return (
        bool(parts)
        and _part_matches(parts[0], pattern[0], hidden=hidden)
        and _matches(parts[1:], pattern[1:], hidden=hidden)
    )


def _begins(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a folder of this path may hold something that fits the pattern, or fits it itself."""
    if not (parts and pattern):
        return True
    if pattern[0] == "**":
        return _begins(parts, pattern[1:]) or (not parts[0].startswith(".") and _begins(parts[1:], pattern))
    return _part_matches(parts[0], pattern[0], hidden=False) and _begins(parts[1:], pattern[1:])
