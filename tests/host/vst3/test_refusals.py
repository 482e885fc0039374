"""The table in the docs has the words that people will see."""

from pathlib import Path

import pytest
from wavemend.host.processes import memory
from wavemend.host.vst3 import refusals, stream
from wavemend.host.vst3.loaded import player
from wavemend.host.vst3.process import client

DOCS = Path(__file__).parents[3] / "docs" / "vst3.md"
CRASHED = "crashed (SIGSEGV)"
WORDS = [
    refusals.INSTRUMENT,
    refusals.REFUSES_TO_BEGIN,
    refusals.NOT_FINITE,
    refusals.SAME_NAME,
    refusals.uneven(1, 2),
    refusals.other_count(4),
    refusals.several_buses([2, 2], [2], CRASHED),
    memory.too_much(4).partition(";")[0],
]


@pytest.mark.parametrize("words", WORDS)
def test_the_docs_have_the_words_of_the_code(words):
    assert f"`{words}`" in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("module", "pieces"),
    [
        (client, ["gave no answer within ", " and was ended", "crashed ("]),
        (stream, [" dBFS is taken for no sound", "reports a delay of ", " samples, but ", " were measured"]),
        (player, ["changed its latency from ", " samples in mid-recording"]),
    ],
)
def test_the_docs_have_the_words_that_are_put_together_where_they_are_said(module, pieces):
    code, docs = (Path(path).read_text(encoding="utf-8") for path in (module.__file__, DOCS))
    assert all(piece in code and piece in docs for piece in pieces)
