"""The manifest of a collection: what was asked, what became of each recording, and of what bytes.

An SQLite file beside the outputs. One process writes it; every change is whole and on the disk before the
next recording begins, so that whatever ends a run, the next one knows what is done and what was under way.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args

from ...errors import ManifestError, StrictJsonError
from ..storage.json_text import json_text
from ..storage.locking import Held, hold
from ..storage.strict_json import parse_object, short
from .recipe import Recipe
from .speech import SCHEMA as SPEECH_SCHEMA
from .speech import Place, Speech, add_tables, can_index, has_speech, places, put_speech, speech_of

MANIFEST = "wavemend-manifest.sqlite"
State = Literal["waiting", "rendering", "done", "failed"]

_APPLICATION = 0x776D6D66  # derived: the letters wmmf
_VERSION = 2  # guard: grows when the tables change
_LOCK_SUFFIX = ".wavemend-run"
_BUSY_S = 10.0  # guard: for how long a reader's lock is waited out
_MOST_BYTES = 16 * 2**20  # guard: memory that one value of a stranger's manifest takes

_SCHEMA = """
CREATE TABLE recipes (sha256 TEXT PRIMARY KEY, preset TEXT NOT NULL, content TEXT NOT NULL) STRICT;
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, asked TEXT NOT NULL, machine TEXT NOT NULL, began TEXT NOT NULL, ended TEXT
) STRICT;
CREATE TABLE recordings (
    path BLOB PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL, source BLOB NOT NULL,
    source_sha256 TEXT NOT NULL DEFAULT '', document_sha256 TEXT NOT NULL DEFAULT '',
    recipe TEXT NOT NULL DEFAULT '', tried TEXT NOT NULL DEFAULT '',
    preset TEXT NOT NULL DEFAULT '', reasons TEXT NOT NULL DEFAULT '[]',
    seconds REAL NOT NULL DEFAULT 0, loudness TEXT NOT NULL DEFAULT '{}',
    findings TEXT NOT NULL DEFAULT '{}', events TEXT NOT NULL DEFAULT '{}',
    warnings TEXT NOT NULL DEFAULT '[]', error TEXT NOT NULL DEFAULT '',
    took_s REAL NOT NULL DEFAULT 0, ended TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE outputs (
    path BLOB PRIMARY KEY, recording BLOB NOT NULL REFERENCES recordings (path),
    bytes INTEGER NOT NULL, sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX outputs_of ON outputs (recording);
"""


@dataclass(frozen=True)
class Output:
    """A file that was written: its path below the target, its size in bytes, and its hash."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """What the manifest knows of one recording.

    Attributes
    ----------
    path
        Of the restored file, below the target: what the entry is called by.
    name
        Of the recording, as a run calls it.
    state
        ``waiting``; ``rendering``, where a run ended in the midst of it; ``done`` or ``failed``.
    source
        Path of the recording.
    source_sha256, document_sha256, recipe
        What the outputs were made of and by: hashes; empty where that is not known.
    tried
        Hash of what it was tried of and by when it failed: its outputs may be of an earlier run, by another
        recipe.
    preset, reasons
        What was chosen, and why, where that was left to the analysis.
    seconds
        Length of the recording.
    loudness
        Figures of the recording and of the restored file: ``"output integrated_lufs"`` and the like.
    findings, events, warnings
        What was found and done, and what a person should know.
    error
        Why it failed.
    took_s, ended
        How long it took, and when that was.
    outputs
        Every file that was written.
    speech
        What is known of its transcript; None where there is none.
    """

    path: str
    name: str
    state: State
    source: str
    source_sha256: str = ""
    document_sha256: str = ""
    recipe: str = ""
    tried: str = ""
    preset: str = ""
    reasons: Sequence[str] = ()
    seconds: float = 0.0
    loudness: Mapping[str, float] = field(default_factory=dict)
    findings: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    error: str = ""
    took_s: float = 0.0
    ended: str = ""
    outputs: Sequence[Output] = ()
    speech: Speech | None = None


_PATHS = ("path", "source")  # as bytes, which any name is
_JSON: dict[str, tuple[type, type]] = {
    "reasons": (list, str), "loudness": (dict, float), "findings": (dict, str), "events": (dict, int),
    "warnings": (list, str),
}  # fmt: skip
_COLUMNS = [name for name in Entry.__dataclass_fields__ if name not in ("outputs", "speech")]


class Manifest:
    """The manifest in the folder `target`, for one run to write or for anyone to read.

    Parameters
    ----------
    target
        Folder of the outputs.
    write
        Make it where it is not there, and hold it: one run at a time writes into a folder.

    Raises
    ------
    ManifestError
        There is none, it is damaged or another program's, or another run holds it.
    """

    def __init__(self, target: Path, *, write: bool = False) -> None:
        self.path = target / MANIFEST
        self._held: Held | None = None
        if not write and not self.path.is_file():
            raise ManifestError(f"{target}: holds no {MANIFEST}; name a folder that `wavemend batch` made")
        if write:
            self._hold()
        try:
            with self._telling():
                self._open(write)
        except BaseException:
            self.close()
            raise

    def _hold(self) -> None:
        try:
            self._held = hold(self.path, _LOCK_SUFFIX)
        except OSError as error:
            raise ManifestError(f"{self.path}: cannot be written: {error.strerror or error}") from None
        if self._held is None:
            raise ManifestError(f"{self.path}: another run is writing into that folder; let it end first")

    def _open(self, write: bool) -> None:
        how = "rwc" if write else "rw"  # what a killed run left half written is settled by a reader too
        self._data = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={how}", uri=True, timeout=_BUSY_S, isolation_level=None
        )
        self._data.row_factory = sqlite3.Row
        self._data.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
        self._data.execute("PRAGMA trusted_schema = OFF")
        (application,), (version,) = (
            self._data.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
        is_new = not self._data.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if write:
            self._data.execute("PRAGMA synchronous = EXTRA")  # a power cut takes no change back
        if write and is_new:
            self._data.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION};"
                f"PRAGMA user_version = {_VERSION}; COMMIT"
            )
        elif application != _APPLICATION:
            raise ManifestError(f"{self.path}: is no manifest of wavemend's; move it away")
        elif version != _VERSION:
            raise ManifestError(
                f"{self.path}: is of version {version}, and this wavemend reads version {_VERSION} alone; "
                "restore into another folder, or go on with the wavemend that made it"
            )
        elif self._statements(self._data) != self._expected():
            raise ManifestError(f"{self.path}: its tables are not those of this wavemend; move it away")

    @staticmethod
    def _statements(data: sqlite3.Connection) -> set[str]:
        """Return what it was made by: a stranger's views, triggers and virtual tables would be run."""
        rows = data.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        plain = ((name, " ".join(sql.split())) for name, sql in rows)
        return {sql for name, sql in plain if not name.startswith("sqlite_")}  # its statistics

    def _expected(self) -> set[str]:
        """Return what this SQLite makes of our tables; FTS5 has some of its own."""
        with closing(sqlite3.connect(":memory:")) as fresh:
            fresh.executescript(_SCHEMA + SPEECH_SCHEMA * has_speech(self._data))
            return self._statements(fresh)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise in one line what SQLite says."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise ManifestError(f"{self.path}: {error}; is there room, and may it be written?") from error
        except (sqlite3.DatabaseError, StrictJsonError, ValueError, TypeError) as error:
            raise ManifestError(f"{self.path}: is damaged: {error}; put a copy in its place") from error

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._telling():
            self._data.execute("BEGIN IMMEDIATE")
            try:
                yield self._data
                self._data.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._data.execute("ROLLBACK")
                raise

    def begin_run(self, asked: str, machine: Mapping[str, Any]) -> int:
        """Note that a run begins; return its number."""
        with self._change() as data:
            row = (asked, json_text(machine), now())
            return (
                data.execute("INSERT INTO runs (asked, machine, began) VALUES (?, ?, ?)", row).lastrowid or 0
            )

    def end_run(self, number: int) -> None:
        """Note that a run ended by itself."""
        with self._change() as data:
            data.execute("UPDATE runs SET ended = ? WHERE number = ?", (now(), number))

    def keep_recipe(self, recipe: Recipe) -> None:
        """Keep what recordings are made by, once for all of them."""
        with self._change() as data:
            row = (recipe.sha256, recipe.preset, recipe.text)
            data.execute("INSERT OR IGNORE INTO recipes VALUES (?, ?, ?)", row)

    def expect(self, entries: Iterable[Entry]) -> None:
        """Note recordings that are to be rendered and are not known yet, all at once."""
        with self._change() as data:
            for one in entries:
                _put(data, one, "INSERT OR IGNORE")

    def put(self, entry: Entry) -> None:
        """Note what became of a recording, with its outputs, in place of what was known."""
        key = os.fsencode(entry.path)
        with self._change() as data:
            data.execute("DELETE FROM outputs WHERE recording = ?", (key,))
            _put(data, entry, "INSERT OR REPLACE")
            data.executemany(
                "INSERT OR REPLACE INTO outputs VALUES (?, ?, ?, ?)",
                [(os.fsencode(one.path), key, one.bytes, one.sha256) for one in entry.outputs],
            )
            put_speech(data, key, entry.speech)

    def keep_speech(self) -> None:
        """Make room for transcripts, once and for good.

        Raises
        ------
        ManifestError
            This Python's SQLite has no index of words.
        """
        if not can_index():
            raise ManifestError(f"{self.path}: the SQLite of this Python has no FTS5; use another Python")
        with self._change() as data:
            if not has_speech(data):
                add_tables(data)

    def places(self, asked: str) -> list[Place]:
        """Return where words are said, by recording and time; `asked` is a query of FTS5.

        Raises
        ------
        ManifestError
            It holds no transcripts, or is damaged.
        """
        with self._telling():
            if not has_speech(self._data):
                raise ManifestError(
                    f"{self.path}: holds no transcripts; say the same `wavemend batch` with --transcribe"
                )
            return [*places(self._data, asked)]

    def entries(self) -> list[Entry]:
        """Return every recording, in the order of their paths; none is read later, under a run's feet.

        Raises
        ------
        ManifestError
            It is damaged, or names a file outside its folder, as only a stranger's does.
        """
        with self._telling():
            outputs: dict[bytes, list[Output]] = {}
            for row in self._data.execute("SELECT * FROM outputs ORDER BY path").fetchall():
                output = Output(_inside(row["path"]), row["bytes"], row["sha256"])
                outputs.setdefault(row["recording"], []).append(output)
            rows = self._data.execute("SELECT * FROM recordings ORDER BY path").fetchall()
            speech = speech_of(self._data)
            return [_entry(row, outputs.get(row["path"], ()), speech.get(row["path"])) for row in rows]

    def recipes(self) -> dict[str, Recipe]:
        """Return every recipe by its hash."""
        with self._telling():
            rows = self._data.execute("SELECT * FROM recipes").fetchall()
            found = {row["sha256"]: Recipe(row["preset"], row["content"]) for row in rows}
            for sha256, recipe in found.items():
                if recipe.sha256 != sha256:
                    raise ValueError(f"the recipe {short(sha256)} is another")
            return found

    def runs(self) -> list[dict[str, Any]]:
        """Return every run: number, asked, machine, began, ended; ended is None where something ended it."""
        with self._telling():
            rows = self._data.execute("SELECT * FROM runs ORDER BY number").fetchall()
            return [dict(row) | {"machine": json.loads(row["machine"])} for row in rows]

    def copy_to(self, path: Path) -> None:
        """Write a whole copy of it as it is now."""
        with self._telling(), closing(sqlite3.connect(path)) as copy:
            self._data.backup(copy)

    def close(self) -> None:
        """Close it, and let go."""
        if (data := getattr(self, "_data", None)) is not None:
            data.close()
        if self._held:
            with suppress(OSError):
                self._held.path.unlink()
            self._held.file.close()
            self._held = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _inside(path: bytes) -> str:
    """Return the path of an output as text; one that leads out of the folder is a stranger's."""
    text = os.fsdecode(path)
    known = Path(text)
    if not known.parts or known.anchor or ".." in known.parts or "\0" in text:
        raise ValueError(f"{short(text)} is no path below its folder")
    return text


def _entry(row: sqlite3.Row, outputs: Sequence[Output], speech: Speech | None) -> Entry:
    values = {name: row[name] for name in _COLUMNS}
    for name, (kind, inner) in _JSON.items():
        value = parse_object(row[name].encode(), "it")
        inside = value.values() if isinstance(value, dict) else value
        if not isinstance(value, kind) or not all(isinstance(one, inner) for one in inside):
            raise ValueError(f"{name} cannot be {short(value)}")
        values[name] = value
    if values["state"] not in get_args(State) or not math.isfinite(values["seconds"] + values["took_s"]):
        raise ValueError(f"{short(values['name'])} has no state or length that can be")
    values |= {"path": _inside(row["path"]), "source": os.fsdecode(row["source"])}
    return Entry(**values, outputs=outputs, speech=speech)


def _put(data: sqlite3.Connection, entry: Entry, how: str) -> None:
    values = {name: getattr(entry, name) for name in _COLUMNS}
    values |= {name: json_text(values[name]) for name in _JSON}
    for name in ("name", "error"):  # names that are no text in this system's encoding
        values[name] = values[name].encode("utf-8", "backslashreplace").decode("utf-8")
    values |= {name: os.fsencode(values[name]) for name in _PATHS}
    marks = ", ".join("?" * len(values))
    data.execute(f"{how} INTO recordings ({', '.join(values)}) VALUES ({marks})", [*values.values()])


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
