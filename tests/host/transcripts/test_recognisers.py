"""Recognisers of other packages: found by entry point, checked, and what they give made safe."""

import numpy as np
import pytest
from wavemend.authoring import Recogniser, Segment
from wavemend.errors import ModelError, PluginError
from wavemend.host.transcripts.recognisers import Listener, heard, made_by

SOUND = np.full(16_000, 0.1, np.float32)


class Giving:
    sample_rate, longest_s, identity = 8000, 4.0, {}

    def __init__(self, *segments):
        self.segments = segments

    def recognise(self, sound):
        yield from self.segments


def said(*segments, start_s=10.0):
    return [*heard(Giving(*segments), "parrot", SOUND, start_s)]


def test_one_is_found_by_its_entry_point(parrot):
    listener = Listener("parrot", "wild", "en")
    assert isinstance(listener.load(), Recogniser) and listener.load() is listener.load()
    assert listener.identity() == {
        "recogniser": "parrot", "parrot": "1.0", "model": "wild", "language": "en"
    }  # fmt: skip
    assert made_by(listener.identity()) != made_by(Listener("parrot", "grey", "en").identity())


def test_one_that_is_not_there_is_named(parrot):
    with pytest.raises(PluginError, match="no recogniser 'cockatoo' is installed; there are .*parrot"):
        Listener("cockatoo").load()


PROPER = "    sample_rate, longest_s, identity = 8000, 4.0, {}\n    def recognise(self, sound): return []\n"


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("1 / 0", PluginError, r"the recogniser 'other' \(parrots_other:Other\) does not load"),
        ("Other = 3", PluginError, "cannot be made; its entry point must name a class"),
        (f"class Other:\n{PROPER}", PluginError, "TypeError: .* takes no arguments"),
        (
            "class Other:\n    def __init__(self, model, language): pass",
            PluginError,
            "lacks one of sample_rate",
        ),
        (
            f"class Other:\n    def __init__(self, model, language): 1 / 0\n{PROPER}",
            PluginError,
            "ZeroDivisionError: division by zero",
        ),
        (
            "import wavemend\nclass Other:\n"
            f"    def __init__(self, model, language): raise wavemend.ModelError('not there')\n{PROPER}",
            ModelError,
            "^not there$",
        ),
        (
            f"class Other:\n    def __init__(self, model, language): pass\n{PROPER.replace('4.0', '1e9')}",
            PluginError,
            r"hears 1000000000.0 s at 8000 Hz; it must be 1 to 3600 s at 4000 to 192000 Hz",
        ),
    ],
)
def test_broken_ones_are_refused_in_one_line(parrot, source, error, message):
    parrot(source, "other = parrots_other:Other", "parrots_other")
    with pytest.raises(error, match=message):
        Listener("other").load()
    Listener("parrot").load()


def test_times_are_of_the_recording_in_order_and_inside_it():
    assert said((0.5, 1.0, "a"), (0.2, 9.0, "b"), (-1.0, -1.0, "c")) == [
        Segment(10.5, 11.0, "a"), Segment(11.0, 12.0, "b"), Segment(12.0, 12.0, "c"),
    ]  # fmt: skip


def test_text_is_one_line_without_what_a_terminal_obeys():
    said_text = said((0, 1, " two\n\nlines \x1b[31m \u202e \ud800"), (1, 2, "\n"))
    assert [one.text for one in said_text] == ["two lines [31m ?"]


@pytest.mark.parametrize("bad", [(0.0, float("nan"), "a"), (0.0, 1.0, None), ("0", 1.0, "a"), (0.0, 1.0), 3])
def test_what_is_no_segment_is_refused(bad):
    with pytest.raises(PluginError, match="recogniser parrot: "):
        said(bad)
