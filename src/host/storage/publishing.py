"""Files that appear whole or not at all: written beside their target, synced, then renamed.

::

    .a.wav.wavemend-part        what is written; held while its writer lives
    .a.wav.wavemend-journal     which parts become which targets, while a set of several is renamed
    .a.wav.wavemend-replaced    what the target was before, for as long

What a process leaves that is killed, the next run in that folder clears away: parts, and by the journal what
was renamed already, so that no set stays half published.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ...errors import AudioFileError, TargetBusyError, TargetExistsError
from ..files.syncing import sync, sync_folder
from .file_names import beside
from .folders import clear_folders
from .hashing import sha256_of
from .journal import Entry, settle, write_journal
from .locking import Held, hold, seize

PART_SUFFIX = ".wavemend-part"
JOURNAL_SUFFIX = ".wavemend-journal"
REPLACED_SUFFIX = ".wavemend-replaced"

_SETTLING_S = 30.0  # guard: in which the files of a set are hashed and put back


@dataclass
class _Part:
    held: Held
    target: Path


class Publication:
    """A set of files in one folder that are published together.

    Parameters
    ----------
    overwrite
        Whether an existing target may be replaced.

    Attributes
    ----------
    warnings
        What the file system does not give, once each: locks, or the certainty that what was written is on
        the disk. Most is known as soon as the first part is open.

    Raises
    ------
    TargetExistsError, TargetBusyError
        A target is there already, or is being written by someone else.
    AudioFileError
        A target cannot be written.
    """

    def __init__(self, *, overwrite: bool = False) -> None:
        self.warnings: list[str] = []
        self._overwrite = overwrite
        self._replaceable: set[Path] = set()
        self._parts: list[_Part] = []
        self._journal: Held | None = None
        self._entries: list[Entry] = []

    def part_of(self, target: Path) -> Path:
        """Open a part file for `target` and return its path, for a writer to fill.

        It is published after those opened after it: the most important one comes first here, and last into
        its place.
        """
        self.check(target)
        try:
            held = None if not self._parts and _is_unsettled(target) else hold(target, PART_SUFFIX)
            if held is None:
                raise TargetBusyError(f"{target}: another wavemend is writing it right now")
            self._parts.append(_Part(held, target))
            self.check(target)  # again: its last writer may just have finished
            if len(self._parts) == 1:
                self._sync()
        except AudioFileError:
            raise
        except OSError as error:
            raise AudioFileError(f"{target}: cannot be written: {error.strerror or error}") from None
        if held.no_locks:
            self._warn(
                f"outputs cannot be locked there ({held.no_locks}): let one run at a time write into a folder"
            )
        return held.path

    def retarget(self, part: Path, target: Path) -> None:
        """Publish `part` as `target`, in the same folder, rather than under the name it was opened for."""
        self.check(target)
        for one in self._parts:
            if one.held.path == part:
                one.target = target

    def may_replace(self, targets: set[Path]) -> None:
        """Allow `targets` to be replaced, though others may not."""
        self._replaceable |= targets

    def check(self, target: Path) -> None:
        """Raise `TargetExistsError` where `target` must not be written."""
        if not self._replaces(target) and os.path.lexists(target):
            raise TargetExistsError(f"{target}: is there already; say --overwrite to replace it")

    def publish(self) -> None:
        """Give every part its target's name; the one that was opened first comes last."""
        parts = self._parts[::-1]
        for part in parts:
            self.check(part.target)
        target = parts[-1].target
        try:
            self._sync(files=True)
            if len(parts) > 1:
                self._write_journal(parts)
            for part in parts:
                target = part.target
                if part is parts[-1] and self._journal:
                    self._sync()  # where the last one is, everything is
                self._rename(part)
            self._sync()
            self._conclude()
        except OSError as error:
            if isinstance(error, AudioFileError) or error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise AudioFileError(f"{target}: cannot be written: {error.strerror or error}") from error

    def _write_journal(self, parts: list[_Part]) -> None:
        self._entries = [
            Entry(
                part.held.path.name,
                part.target.name,
                beside(part.target, REPLACED_SUFFIX, prefix=".").name,
                sha256_of(part.held.path),
            )
            for part in parts
        ]
        journal = hold(parts[-1].target, JOURNAL_SUFFIX)
        if journal is None:
            raise TargetBusyError(f"{parts[-1].target}: another wavemend is writing it right now")
        self._journal = journal
        write_journal(journal.file, self._entries)
        self._sync(files=True)

    def _rename(self, part: _Part) -> None:
        path, target = part.held.path, part.target
        if self._replaces(target):
            if self._journal and os.path.lexists(target):
                _keep(target, beside(target, REPLACED_SUFFIX, prefix="."))
            path.replace(target)
            return
        try:
            os.link(path, target)  # unlike a rename, fails where the target appeared meanwhile
        except FileExistsError:
            self.check(target)
            raise
        except OSError:  # no hard links here (exFAT, some network shares)
            self.check(target)
            path.rename(target)
        else:
            path.unlink()

    def _conclude(self) -> None:
        """Let go: everything is in its place."""
        parts, self._parts = self._parts, []
        for part in parts:
            part.held.file.close()
        self._end_journal()

    def _end_journal(self) -> None:
        """Delete what publishing needed; where that fails, the next run does it."""
        if self._journal:
            journal, self._journal = self._journal, None
            with contextlib.suppress(OSError), journal.file:
                for entry in self._entries:
                    entry.tidy(journal.path.parent)
                journal.path.unlink()

    def _replaces(self, target: Path) -> bool:
        return self._overwrite or target in self._replaceable

    def _sync(self, *, files: bool = False) -> None:
        """Have the folder written to the disk, and before it the files in it."""
        refused = None
        held = [part.held for part in self._parts] + ([self._journal] if self._journal else [])
        for one in held if files else held[:1]:
            refused = sync(one.file.fileno()) or refused
        refused = sync_folder(held[0].path.parent) or refused
        if refused:
            self._warn(f"the disk cannot be told to write at once ({refused}): a power cut may cost outputs")

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        parts, self._parts = self._parts, []
        stuck = self._put_back(parts) if parts else []
        for part in parts:
            part.held.file.close()
        if stuck:
            raise AudioFileError(
                f"{', '.join(stuck)}: could not be put back as it was, after: {error}; the next run into "
                "that folder tries again"
            ) from error
        self._end_journal()
        if parts and isinstance(error, OSError):
            self._name_targets(error, {str(part.held.path): str(part.target) for part in parts})

    def _put_back(self, parts: list[_Part]) -> list[str]:
        """Delete the parts, and undo what was renamed already; return targets of which that failed."""
        if not self._journal:
            for part in parts:
                with contextlib.suppress(OSError):
                    if not self._replaces(part.target) and _is_same(part.target, part.held):
                        part.target.unlink()
                    part.held.path.unlink()
            return []
        stuck = []
        folder = self._journal.path.parent
        for entry, part in zip(reversed(self._entries), parts, strict=True):
            try:
                entry.put_back(folder, in_place=_is_same(part.target, part.held))
            except OSError:
                stuck.append(str(part.target))
        if stuck:
            self._journal.file.close()
            self._journal = None
        return stuck

    def _name_targets(self, error: OSError, targets: dict[str, str]) -> None:
        """Raise `error` anew in the words of the files that were asked for, not of their parts."""
        text = str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT) and not isinstance(error, AudioFileError):
            text = f"{next(iter(targets.values()))}: no space left on its disk; nothing was written"
        for part, target in targets.items():
            text = text.replace(part, target)
        if text != str(error):
            raise (type(error) if isinstance(error, AudioFileError) else AudioFileError)(text) from error


@contextlib.contextmanager
def published(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give the part file of one `target` to fill; it is published where nothing goes wrong until then.

    Raises what `Publication` does.
    """
    with Publication(overwrite=overwrite) as publication:
        yield publication.part_of(target)
        publication.publish()


def clear_leftovers(folder: Path) -> list[Path]:
    """Delete what a killed process left in `folder`, and undo what it published by half; return what went.

    Where that is impossible now, it is left to the next run.
    """
    cleared = []
    for suffix in (JOURNAL_SUFFIX, PART_SUFFIX):  # a journal says what becomes of its parts
        for path in sorted(folder.glob(f".*{suffix}")):
            with contextlib.suppress(OSError):
                if _cleared(path):
                    cleared.append(path)
    return cleared + clear_folders(folder)


def _cleared(path: Path) -> bool:
    """Clear one leftover away; False where its process lives."""
    file = seize(path)
    if file is None:
        return False
    with file:
        if path.name.endswith(JOURNAL_SUFFIX):
            settle(path.parent, file, _is_ours)
        path.unlink()
    return True


def _is_unsettled(target: Path) -> bool:
    """Whether a set around `target` is being published, or still put back though that was waited for.

    Two runs, or two workers of one, may clear a folder at once, and who puts a set back hashes and deletes
    by names that whoever renders it anew is about to use.
    """
    journal = beside(target, JOURNAL_SUFFIX, prefix=".")
    deadline = time.monotonic() + _SETTLING_S
    while os.path.lexists(journal) and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):  # settled meanwhile
            if not _cleared(journal):
                time.sleep(_SETTLING_S / 1000)
    return os.path.lexists(journal)


def _is_ours(name: str) -> bool:
    return name.startswith(".") and name.endswith((PART_SUFFIX, REPLACED_SUFFIX))


def _is_same(path: Path, held: Held) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samestat(path.lstat(), os.fstat(held.file.fileno()))
    return False


def _keep(target: Path, replaced: Path) -> None:
    """Give what is at `target` a second name, so that it can come back."""
    replaced.unlink(missing_ok=True)
    try:
        os.link(target, replaced, follow_symlinks=False)
    except (OSError, NotImplementedError):  # no hard links here, or not to files of other people
        target.rename(replaced)
