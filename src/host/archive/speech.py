"""What is said in a collection: kept in its manifest, and found again by words.

The tables are in a manifest where a run transcribed, and not in others. One row a segment; words are indexed
by SQLite's FTS5, which keeps no second copy of them.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from ...contract.recogniser import Segment

SCHEMA = """
CREATE TABLE transcripts (
    recording BLOB PRIMARY KEY REFERENCES recordings (path),
    restored_sha256 TEXT NOT NULL, made_by TEXT NOT NULL
) STRICT;
CREATE TABLE segments (
    number INTEGER PRIMARY KEY, recording BLOB NOT NULL REFERENCES recordings (path),
    start_s REAL NOT NULL, end_s REAL NOT NULL, words TEXT NOT NULL
) STRICT;
CREATE INDEX segments_of ON segments (recording);
CREATE VIRTUAL TABLE spoken USING fts5(
    words, content='segments', content_rowid='number', tokenize='unicode61 remove_diacritics 2'
);
"""

_SNIPPET_WORDS = 24  # source: two lines of a terminal
_TABLE = "SELECT count(*) FROM sqlite_schema WHERE name = 'transcripts'"


@dataclass(frozen=True)
class Speech:
    """The transcript of a restored file.

    Attributes
    ----------
    restored_sha256
        Of the file that was listened to.
    made_by
        By what, as `made_by` has it.
    segments
        What is said, and where; None: as the manifest has it already.
    """

    restored_sha256: str
    made_by: str
    segments: Sequence[Segment] | None = None


@dataclass(frozen=True)
class Place:
    """A place where words were found.

    Attributes
    ----------
    path
        Of the restored file, below the target.
    name
        Of the recording, as the run called it.
    start_s, end_s
        Where in it, in seconds.
    snippet
        The words, those that were asked for in brackets.
    """

    path: str
    name: str
    start_s: float
    end_s: float
    snippet: str


def has_speech(data: sqlite3.Connection) -> bool:
    """Whether a manifest holds transcripts."""
    return bool(data.execute(_TABLE).fetchone()[0])


def can_index() -> bool:
    """Whether this Python's SQLite knows FTS5."""
    with closing(sqlite3.connect(":memory:")) as data:
        try:
            data.execute("CREATE VIRTUAL TABLE probe USING fts5(words)")
        except sqlite3.OperationalError:
            return False
    return True


def add_tables(data: sqlite3.Connection) -> None:
    """Make the tables, within the caller's transaction."""
    for statement in SCHEMA.split(";")[:-1]:
        data.execute(statement)


def speech_of(data: sqlite3.Connection) -> Mapping[bytes, Speech]:
    """Return what is known of each transcript, without its segments, by recording."""
    rows = data.execute("SELECT * FROM transcripts") if has_speech(data) else ()
    return {row["recording"]: Speech(row["restored_sha256"], row["made_by"]) for row in rows}


def put_speech(data: sqlite3.Connection, recording: bytes, speech: Speech | None) -> None:
    """Put a transcript in place of what was known, or take it out, within the caller's transaction."""
    if (speech is not None and speech.segments is None) or not has_speech(data):
        return
    data.execute(
        "INSERT INTO spoken (spoken, rowid, words) "
        "SELECT 'delete', number, words FROM segments WHERE recording = ?", (recording,)
    )  # fmt: skip
    data.execute("DELETE FROM segments WHERE recording = ?", (recording,))
    data.execute("DELETE FROM transcripts WHERE recording = ?", (recording,))
    if speech is None:
        return
    data.execute(
        "INSERT INTO transcripts VALUES (?, ?, ?)", (recording, speech.restored_sha256, speech.made_by)
    )
    data.executemany(
        "INSERT INTO segments (recording, start_s, end_s, words) VALUES (?, ?, ?, ?)",
        [(recording, *one) for one in speech.segments or ()],
    )
    data.execute(
        "INSERT INTO spoken (rowid, words) SELECT number, words FROM segments WHERE recording = ?",
        (recording,),
    )


def places(data: sqlite3.Connection, asked: str) -> Iterator[Place]:
    """Yield where words are said, by recording and time; `asked` is a query of FTS5."""
    rows = data.execute(
        "SELECT recordings.path, recordings.name, start_s, end_s, "
        "snippet(spoken, 0, '[', ']', '...', ?) AS snippet FROM spoken "
        "JOIN segments ON segments.number = spoken.rowid JOIN recordings ON recordings.path = recording "
        "WHERE spoken MATCH ? ORDER BY recordings.path, start_s",
        (_SNIPPET_WORDS, asked),
    )
    for row in rows:
        yield Place(os.fsdecode(row["path"]), row["name"], row["start_s"], row["end_s"], row["snippet"])
