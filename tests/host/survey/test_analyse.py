"""The first listening: what is planted is found, and what is suggested can be run."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console
from wavemend.analysis.carrier.codec import LossyHistory
from wavemend.analysis.finders import FINDERS
from wavemend.errors import AudioFileError, AudioValueError, WavemendError
from wavemend.host.archive.walk import Recording, find_recordings
from wavemend.host.cli.findings_page import Wanted, analyse_all, picture_paths
from wavemend.host.demo.worn_disc import SAMPLE_RATE, performance, worn_disc
from wavemend.host.recording.document import Span
from wavemend.host.recording.document_files import load_document, save_document
from wavemend.host.rendering.render import render
from wavemend.host.survey.analyse import analyse, suggest

from tests.host.commands import refused, wavemend
from tests.host.recordings import write


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("analyse")
    music = performance()
    write(folder / "clean.wav", music, "PCM_24", SAMPLE_RATE)
    write(folder / "worn.wav", worn_disc(music), "PCM_24", SAMPLE_RATE)
    soundfile.write(folder / "worn.mp3", worn_disc(music).T, SAMPLE_RATE)
    return folder


@pytest.mark.whole
def test_a_worn_disc_is_called_one(folder):
    page = analyse(folder / "worn.wav")
    assert list(page.findings) == list(FINDERS)
    for name in ("clicks", "noise", "offset", "rumble"):
        assert page.findings[name].found, name
    for name in ("hum", "clipping", "codec", "processed"):
        assert not page.findings[name].found, name
    assert page.suggestion.preset == "vinyl" and not page.suggestion.ease_lossy


def test_nothing_is_suggested_for_clean_music(folder):
    page = analyse(folder / "clean.wav")
    assert not page.findings["clicks"].found and not page.findings["noise"].found
    assert page.suggestion.preset in (None, "prepare")


def test_a_surface_without_music_is_a_disc_that_turns(tmp_path):
    """Of a gramophone's surface alone nothing was said to be wrong."""
    draw = np.random.default_rng(0)
    seconds = np.arange(12 * SAMPLE_RATE) / SAMPLE_RATE
    swish = 10 ** (0.2 * np.sin(2 * np.pi * 78 / 60 * seconds))
    surface = 0.01 * draw.standard_normal((1, seconds.size)) * swish
    page = analyse(write(tmp_path / "surface.wav", surface, "PCM_24", SAMPLE_RATE))
    assert page.suggestion.preset in ("shellac", "vinyl")
    assert page.findings["surface"].rpm == pytest.approx(78, rel=0.02)
    said = page.to_json()["medium"]
    assert sum(said["probability"].values()) == pytest.approx(1.0, abs=0.01) and said["summary"]
    assert any("medium: " in reason for reason in page.suggestion.reasons)


def test_a_lossy_source_is_warned_of(folder):
    page = analyse(folder / "worn.mp3")
    assert any("lossy" in warning and "25 %" in warning for warning in page.warnings)
    assert not page.suggestion.ease_lossy  # render eases it by itself


def test_a_file_decoded_from_a_lossy_one_is_eased_in_the_suggestion(folder):
    worn = analyse(folder / "worn.wav")
    lossy = LossyHistory("MP3", 0, 40.0, np.ones(3), 10.0, 0.9)
    assert lossy.found
    assert suggest(worn.format, worn.findings | {"codec": lossy}).ease_lossy


def test_any_block_size_finds_the_same(folder, monkeypatch):
    monkeypatch.setattr("wavemend.host.recording.reading.READ_BLOCK", 4097)
    small = analyse(folder / "worn.wav")
    monkeypatch.setattr("wavemend.host.recording.reading.READ_BLOCK", 10**9)
    assert analyse(folder / "worn.wav").to_json() == small.to_json()


@pytest.mark.whole
def test_the_command_prints_a_page_or_json(folder):
    result = wavemend("analyse", folder / "worn.wav", folder / "clean.wav")
    assert result.returncode == 0, result.stderr
    assert "try: wavemend render vinyl" in result.stdout and "clicks a minute" in result.stdout
    (page,) = json.loads(wavemend("analyse", folder / "worn.wav", "--json").stdout)
    assert page["findings"]["clicks"]["found"] and page["suggestion"]["preset"] == "vinyl"
    (folder / "notes.wav").write_text("not sound")
    refused(wavemend("analyse", folder / "notes.wav"), "notes.wav", code=1)


@pytest.mark.whole
def test_documents_and_pictures_are_left_where_they_are_wanted(folder, tmp_path):
    options = ("--write", "--documents", tmp_path / "documents", "--picture", tmp_path / "pictures")
    assert wavemend("analyse", folder / "worn.wav", *options).returncode == 0
    document = load_document(tmp_path / "documents" / "worn.wav.wavemend.json")
    assert document.findings.keys() == FINDERS.keys() and not document.unread
    decided = replace(document, trim=Span(0, 1000), findings={})
    save_document(decided, tmp_path / "documents" / "worn.wav.wavemend.json", overwrite=True)
    picture = (tmp_path / "pictures" / "worn.wav.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 50_000
    refused(wavemend("analyse", folder / "worn.wav", *options), "is there already", code=1)
    assert wavemend("analyse", folder / "worn.wav", *options, "--overwrite").returncode == 0
    renewed = load_document(tmp_path / "documents" / "worn.wav.wavemend.json")
    assert renewed.findings == document.findings and renewed.trim == Span(0, 1000)


def test_a_notebook_shows_a_page_of_which_nothing_is_markup_of_the_files(folder, tmp_path):
    page = replace(analyse(folder / "worn.wav"), source=tmp_path / "<b>side.wav")
    html = page._repr_html_()
    assert "&lt;b&gt;side.wav" in html and "<b>side" not in html
    assert html.count("<tr>") == len(FINDERS) and "clicks a minute" in html and "try vinyl" in html
    assert (
        repr(page).startswith("<wavemend.Analysis ") and "try vinyl" in repr(page) and len(repr(page)) < 300
    )


def test_a_missing_matplotlib_is_told_before_anything_is_heard(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("wavemend.host.pictures.spectrograms.find_spec", lambda name: None)
    monkeypatch.setattr("wavemend.host.cli.findings_page.analyse_file", pytest.fail)
    with pytest.raises(WavemendError, match="pip install"):
        hear(folder / "worn.wav", wanted=Wanted(pictures=tmp_path))


def test_pictures_of_recordings_with_the_same_name_do_not_collide(tmp_path):
    for name in ("disc1/t.wav", "disc2/t.wav", "disc2/" + "\u00e9" * 125 + ".wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, np.zeros((1, 9)))

    def pictures(*inputs):
        return picture_paths(find_recordings(map(str, inputs)).recordings, Path("out"))

    *plain, long = pictures(tmp_path)
    assert plain == [Path("out/disc1/t.wav.png"), Path("out/disc2/t.wav.png")]
    assert len(long.name.encode()) <= 255 and long.suffix == ".png"
    one, two = pictures(tmp_path / "disc1" / "t.wav", tmp_path / "disc2" / "t.wav")
    assert one == Path("out/t.wav.png") and two.parent == Path("out")
    assert two.name.startswith("t.wav.") and two.name != one.name
    assert pictures(tmp_path / "disc1", tmp_path / "disc2")[:2] == [one, two]


def test_a_picture_that_fails_costs_neither_its_page_nor_the_next(folder, tmp_path, monkeypatch):
    def no_picture(page, source, document, file):
        raise ValueError("no such colour")

    monkeypatch.setattr("wavemend.host.cli.findings_page.draw_findings", no_picture)
    sources = [folder / "worn.wav", folder / "clean.wav"]
    pages, failed, said = hear(*sources, wanted=Wanted(pictures=tmp_path))
    assert [page.source for page in pages] == sources
    assert all(source.name in said for source in sources)
    assert ["worn.wav" in failed[0], "clean.wav" in failed[1]] == [True, True]
    assert len(failed) == 2 and all("no such colour" in line for line in failed)
    assert not [*tmp_path.iterdir()]


def hear(*sources, wanted):
    out, err = Console(file=io.StringIO(), width=200), Console(file=io.StringIO())
    recordings = [Recording(source, Path(source.name)) for source in sources]
    pages, failed = analyse_all(recordings, out, err, quiet=False, wanted=wanted)
    return pages, failed, out.file.getvalue()


def test_empty_and_tiny_recordings(tmp_path):
    with pytest.raises(AudioFileError, match="holds no samples"):
        analyse(write(tmp_path / "empty.wav", np.zeros((1, 0))))
    for length in (1, 100):
        page = analyse(write(tmp_path / f"{length}.wav", np.full((1, length), 0.1)))
        assert page.suggestion.preset is None


@pytest.mark.parametrize("rate", [1000, 3000, 3999])
def test_a_rate_that_render_refuses_is_refused_in_the_same_words(tmp_path, rate):
    """What analyse took, it suggested presets for that no render would take."""
    low = 0.2 * np.sin(2 * np.pi * 200 * np.arange(2 * rate) / rate)
    write(tmp_path / "low.wav", low[np.newaxis], "PCM_16", rate)
    with pytest.raises(AudioValueError) as of_analyse:
        analyse(tmp_path / "low.wav")
    with pytest.raises(AudioValueError) as of_render:
        render("hum", tmp_path / "low.wav", tmp_path / "out.wav")
    assert str(of_analyse.value) == f"{tmp_path / 'low.wav'}: {of_render.value}"
    assert "4000 to 768000 Hz" in str(of_render.value)


def test_the_lowest_rate_is_analysed_and_rendered(tmp_path):
    low = 0.2 * np.sin(2 * np.pi * 200 * np.arange(8000) / 4000)
    write(tmp_path / "low.wav", low[np.newaxis], "PCM_16", 4000)
    assert analyse(tmp_path / "low.wav").findings
    render("hum", tmp_path / "low.wav", tmp_path / "out.wav")
