"""The picture of a recording: drawn whatever was found, and readable."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal
from wavemend.analysis.clicks.clicks import Clicks
from wavemend.contract.marks import Mark
from wavemend.host.demo.worn_disc import SAMPLE_RATE, performance, worn_disc
from wavemend.host.files.source_file import SourceFile
from wavemend.host.pictures.findings import _label_times, draw_findings
from wavemend.host.pictures.spectrograms import new_figure
from wavemend.host.recording.document import EventMark, RecordingDocument, Span
from wavemend.host.recording.identity import AudioIdentity
from wavemend.host.survey.analyse import analyse

from tests.host.recordings import write

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def humming(tmp_path_factory):
    """A worn disc with hum and a band that ends at 9 kHz."""
    audio = worn_disc(performance())
    time = np.arange(audio.shape[1]) / SAMPLE_RATE
    audio += sum(0.01 / h * np.sin(2 * np.pi * 50 * h * time + h) for h in range(1, 9))
    audio = signal.sosfilt(signal.butter(8, 9000, fs=SAMPLE_RATE, output="sos"), audio, axis=1)
    return write(tmp_path_factory.mktemp("picture") / "humming.wav", audio, "PCM_24", SAMPLE_RATE)


def draw(page, document, picture):
    with SourceFile(page.source) as source:
        draw_findings(page, source, document, picture)


@pytest.mark.whole
def test_hum_a_band_limit_and_decisions_are_drawn(humming):
    page = analyse(humming)
    assert page.findings["hum"].found and page.findings["bandwidth"].found
    mark = EventMark("wavemend.declick", Mark(40_000, 100))
    document = RecordingDocument(
        audio=AudioIdentity("humming.wav", "0" * 64, SAMPLE_RATE, 2, page.frames),
        trim=Span(1000, 400_000), print_ranges=(Span(0, 30_000),),
        vetoed_events=(mark,), forced_events=(mark,),
    )  # fmt: skip
    plain, decided = io.BytesIO(), io.BytesIO()
    draw(page, None, plain)
    draw(page, document, decided)
    assert plain.getvalue().startswith(b"\x89PNG") and plain.getvalue() != decided.getvalue()
    again = io.BytesIO()
    draw(page, None, again)
    assert again.getvalue() == plain.getvalue()


@pytest.mark.parametrize("length", [1, 10, 1000])
def test_a_recording_of_a_few_samples_is_drawn(tmp_path, length):
    page = analyse(write(tmp_path / "tiny.wav", np.full((1, length), 0.1)))
    assert not isinstance(page.findings["clicks"], Clicks) or not page.findings["clicks"].found
    draw(page, None, io.BytesIO())


@given(st.floats(1e-3, 4e6))
def test_no_two_ticks_bear_the_same_time(seconds):
    axes = new_figure(4, 1).subplots()
    _label_times(axes, seconds)
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert 1 <= len(labels) <= 13 and len(labels) == len(set(labels))
