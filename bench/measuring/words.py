"""Words that are heard in a recording whose text is known: errors, words and phrases that are right."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from wavemend.host.transcripts.pieces import pieces
from wavemend.host.transcripts.recognisers import Listener, heard

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PHRASE = 3  # words of a phrase that is searched for; source: this measure's own

Hear = Callable[[np.ndarray, int], str]
"""What is said in audio of shape (channels, n) at a rate."""


@dataclass(frozen=True)
class Heard:
    """Words that were said, word errors in what was heard, words that were heard right; phrases likewise."""

    words: int = 0
    errors: int = 0
    right: int = 0
    phrases: int = 0
    found: int = 0

    def __add__(self, other: Heard) -> Heard:
        return Heard(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def wer(self) -> float:
        """Word error rate."""
        return self.errors / self.words


def own_ear() -> Hear:
    """Return what `wavemend transcribe` hears."""
    recogniser = Listener().load()

    def hear(audio: np.ndarray, rate: int) -> str:
        whole = pieces([audio], rate, recogniser.sample_rate, recogniser.longest_s)
        segments = (one for start_s, sound in whole for one in heard(recogniser, "its own", sound, start_s))
        return " ".join(one.text for one in segments)

    return hear


def score(said: str, transcript: str) -> Heard:
    """Return what was heard of what was said.

    A phrase is three successive words; it is found where a search for it in this order finds the transcript.
    """
    import jiwer  # noqa: PLC0415 - of the extra bench

    known, told = plain_words(said), plain_words(transcript)
    counted = jiwer.process_words(known, told)
    errors = counted.substitutions + counted.deletions + counted.insertions
    wanted, there = _phrases(known), set(_phrases(told))
    return Heard(
        words=counted.hits + counted.substitutions + counted.deletions,
        errors=errors,
        right=counted.hits,
        phrases=len(wanted),
        found=sum(phrase in there for phrase in wanted),
    )


def _phrases(words: str) -> list[tuple[str, ...]]:
    each = words.split()
    return list(zip(*(each[start:] for start in range(_PHRASE)), strict=False))


def plain_words(text: str) -> str:
    """Return words in small letters, without marks, short forms and numbers up to ten written out."""
    import jiwer  # noqa: PLC0415

    small = re.sub(r"\d+", lambda digits: _number(digits[0]), text.lower().replace("cannot", "can not"))
    whole = jiwer.ExpandCommonEnglishContractions()(small.replace("\u2019", "'"))
    return " ".join(re.findall(r"[a-z]+", whole))


def _number(digits: str) -> str:
    return _NUMBERS[int(digits)] if len(digits) < 3 and int(digits) < len(_NUMBERS) else digits
