"""``wavemend.transcribe``: what is said in one recording, in three files or none."""

import threading

import numpy as np
import pytest
import wavemend
from wavemend.errors import AudioFileError, Cancelled, PluginError, TargetExistsError

from tests.host.recordings import damaged, write


@pytest.fixture
def side(tmp_path, parrot):
    return write(tmp_path / "side.wav", damaged(9.0))


def files(folder):
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".txt", ".srt", ".vtt")
    }


def test_a_recording_of_several_pieces_is_told_with_its_times(side):
    told = []
    made = wavemend.transcribe(side, recogniser="parrot", progress=lambda share, doing: told.append(share))
    starts = [one.start_s for one in made.segments]
    assert starts == sorted(starts) and starts[0] == 0.0 and made.segments[-1].end_s == 9.0
    assert made.text.splitlines()[0].startswith("grey parrot, Naïve & ")
    assert made.outputs == [side.with_name(f"side.wav{end}") for end in (".txt", ".srt", ".vtt")]
    assert made.outputs[1].read_text().count("-->") == len(made.segments)
    assert len(told) >= 3 and told == sorted(told) and told[-1] < 1


def test_the_same_again_gives_the_same_bytes(side, tmp_path):
    wavemend.transcribe(side, tmp_path / "one", recogniser="parrot")
    wavemend.transcribe(side, tmp_path / "two" / "deep", recogniser="parrot")
    assert files(tmp_path / "one") == files(tmp_path / "two" / "deep") != {}
    assert files(tmp_path) == {}


def test_what_is_there_is_not_replaced_unless_asked(side, tmp_path):
    kept = tmp_path / "side.wav.srt"
    kept.write_text("mine")
    with pytest.raises(TargetExistsError, match="side.wav.srt: is there already"):
        wavemend.transcribe(side, recogniser="parrot")
    assert files(tmp_path) == {"side.wav.srt": b"mine"}
    assert wavemend.transcribe(side, recogniser="parrot", write=False).outputs == ()
    wavemend.transcribe(side, recogniser="parrot", overwrite=True)
    assert len(files(tmp_path)) == 3 and kept.read_text() != "mine"


@pytest.mark.parametrize("frames", [0, 1, 50_000])
def test_an_empty_or_silent_recording_says_nothing(tmp_path, parrot, frames):
    made = wavemend.transcribe(write(tmp_path / "a.wav", np.zeros((2, frames))), recogniser="parrot")
    assert made.text == "" and len(made.outputs) == 3


def test_what_is_no_sound_is_refused(tmp_path, parrot):
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(AudioFileError, match="a.wav"):
        wavemend.transcribe(tmp_path / "a.wav", recogniser="parrot")
    assert files(tmp_path) == {}


def test_a_recogniser_that_fails_leaves_nothing(side, tmp_path):
    with pytest.raises(PluginError, match="recogniser parrot: failed at 0 s: RuntimeError: no seeds left"):
        wavemend.transcribe(side, recogniser="parrot", model="ill")
    assert files(tmp_path) == {}


def test_it_stops_where_it_is_told_to(side, tmp_path):
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        wavemend.transcribe(
            side, recogniser="parrot", cancel=cancel, progress=lambda share, doing: cancel.set()
        )
    assert files(tmp_path) == {}
