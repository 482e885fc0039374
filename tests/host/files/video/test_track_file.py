"""A film's sound as a recording: the samples that players play, when they play them."""

import builtins
import hashlib
import sys
import threading

import numpy as np
import pytest
from wavemend.errors import AudioFileError, Cancelled
from wavemend.host.files.audio_reader import AudioReader
from wavemend.host.files.source_file import SourceFile
from wavemend.host.files.video import decoding
from wavemend.host.files.video.track_file import TrackFile

from tests.host.films import FLASH_S, RATE, heard, make_film, packets, sound


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def matroska(place):
    return make_film(place / "film.mkv", "matroska")


def read(path, track=None):
    with SourceFile(path) as film, TrackFile(film, track=track) as source, AudioReader(source) as reader:
        return np.concatenate(list(reader.blocks(5000)), axis=1), reader.format, source.coded, source.told


@pytest.mark.parametrize(
    ("name", "container", "coding", "subtype"),
    [
        ("a.mov", "mov", "pcm_s16le", "PCM_16"),
        ("b.mov", "mov", "pcm_s24be", "PCM_24"),
        ("c.mkv", "matroska", "flac", "PCM_16"),
        ("d.mp4", "mp4", "alac", "PCM_24"),
        ("e.avi", "avi", "pcm_s16le", "PCM_16"),
        ("f.mkv", "matroska", "pcm_f32le", "FLOAT"),
    ],
)
def test_lossless_sound_is_what_was_put_in_to_the_bit(place, name, container, coding, subtype):
    audio, form, coded, told = read(make_film(place / name, container, coding))
    np.testing.assert_array_equal(audio[:, : 2 * RATE], sound())
    assert (form.subtype, form.sample_rate, form.channels) == (subtype, RATE, 2)
    assert form.is_lossless
    assert coded.timeline.time(0) == 0
    assert told == []


def test_a_type_of_samples_that_is_not_read_is_told(place, monkeypatch):
    def refuse(frame):
        raise ValueError("Conversion from 's64' format to numpy array is not supported.")

    monkeypatch.setattr(decoding, "_samples", refuse)
    path = make_film(place / "wide.mkv", "matroska", "pcm_s16le")
    with pytest.raises(AudioFileError, match="sound track 1 holds samples of the type s16, which are not"):
        read(path)


@pytest.mark.parametrize("container", ["mp4", "matroska"])
@pytest.mark.parametrize("start_s", [0.0, 0.3])
def test_lossy_sound_is_heard_when_players_play_it(place, container, start_s):
    path = make_film(place / f"{start_s}.film", container, second="libopus", start_s=start_s)
    for track, coding, rate, begins in ((1, "AAC", RATE, start_s), (2, "OPUS", 48_000, 0)):
        audio, form, coded, _ = read(path, track)
        at = coded.timeline.time(int(np.abs(audio[0]).argmax()))
        assert abs(float(at) - FLASH_S - begins) < 0.001
        assert (form.subtype, form.sample_rate) == (coding, rate)
        assert not form.is_lossless


def test_it_is_called_and_hashed_as_the_film(matroska):
    with AudioReader(matroska) as reader:
        assert reader.path == matroska
        assert reader.format.container == "Matroska"
        assert reader.source.sha256 == hashlib.sha256(matroska.read_bytes()).hexdigest()


def test_players_play_the_track_that_is_marked(place):
    def mark(out):
        out.streams.audio[0].disposition, out.streams.audio[1].disposition = 0, 1

    path = make_film(place / "marked.mkv", "matroska", others=mark)
    assert read(path)[1].channels == 1
    assert read(path, track=1)[1].channels == 2


def test_a_track_that_is_not_there_is_told(matroska, place):
    with pytest.raises(AudioFileError, match=r"track 3 is not there; its sound has tracks 1 to 2"):
        read(matroska, track=3)
    silent = make_film(place / "silent.mp4", "mp4", coding=None, second=None)
    with pytest.raises(AudioFileError, match=r"silent.mp4: has no sound track"):
        read(silent)


def test_a_pause_of_the_stamps_is_silence(place):
    def stamp(at):
        return at + (RATE // 2 if at > RATE else 0)

    path = make_film(place / "pause.mkv", "matroska", "pcm_s16le", stamp=stamp)
    audio, _, coded, told = read(path)
    assert abs(audio.shape[1] - 2.5 * RATE) < 0.001 * RATE
    assert abs(float(coded.timeline.time(int(np.abs(audio[0]).argmax()))) - FLASH_S - 0.5) < 0.001
    assert told[0].startswith("sound track 1: pauses of 0.500 s in all")


def test_a_pause_of_hours_is_not_believed(place):
    path = make_film(
        place / "hours.mkv",
        "matroska",
        "pcm_s16le",
        second=None,
        stamp=lambda at: at + 9999 * (at > RATE) * RATE,
    )
    with pytest.raises(AudioFileError, match=r"claims at 0:01.\d+ to pause for longer than it sounds"):
        read(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_of_a_film_that_is_cut_short_what_is_there_is_read_and_it_is_told(place, matroska, share):
    cut = place / "cut.mkv"
    whole = matroska.read_bytes()
    cut.write_bytes(whole[: int(share * len(whole))])
    with AudioReader(cut) as reader:
        assert 0 < reader.frames < 2 * RATE
        if share < 0.5:
            assert reader.cut_short().startswith("ends at 0:00")
    headless = place / "headless.mp4"
    make_film(headless, "mp4")
    headless.write_bytes(headless.read_bytes()[:20_000])
    with pytest.raises(AudioFileError, match=r"headless.mp4: cannot be opened as MP4 .*copy it again"):
        AudioReader(headless)


def test_damaged_packets_are_silence_and_the_rest_stays_in_time(place, matroska):
    data = bytearray(matroska.read_bytes())
    for packet, _, _ in packets(matroska, "audio")[20:23]:
        at = data.find(packet)
        data[at : at + len(packet)] = b"\xff" * len(packet)
    damaged = place / "damaged.mkv"
    damaged.write_bytes(data)
    audio, _, coded, told = read(damaged)
    at = coded.timeline.time(int(np.abs(audio[0, RATE:]).argmax()) + RATE)
    assert abs(float(at) - FLASH_S) < 0.001
    assert told == ["sound track 1: 3 packets are damaged; silence is in their places"]


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.avi"])
@pytest.mark.parametrize(
    "text", [b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", b"ffconcat version 1.0\nfile x\n", b""]
)
def test_what_leads_to_other_files_is_no_film_whatever_it_is_called(tmp_path, name, text):
    (tmp_path / name).write_bytes(text)
    with pytest.raises(AudioFileError, match=r"cannot be read as sound|nothing"):
        AudioReader(tmp_path / name)


def test_noise_behind_a_head_is_refused(tmp_path):
    noise = np.random.default_rng(0).bytes(4000)
    for head in (b"\0\0\0\x18ftypmp42", b"\x1aE\xdf\xa3", b"RIFF\xff\xff\xff\xffAVI ", b"\0\0\0\x08moov"):
        (tmp_path / "film").write_bytes(head + noise)
        with pytest.raises(AudioFileError, match=r"film: "):
            AudioReader(tmp_path / "film")


def test_without_pyav_the_command_that_installs_it_is_named(matroska, monkeypatch):
    def without(name, *rest):
        if name.partition(".")[0] == "av":
            raise ImportError(name)
        return load(name, *rest)

    load = builtins.__import__
    monkeypatch.delitem(sys.modules, "av", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(AudioFileError, match=r"film.mkv: is a film.*pip install 'wavemend\[video\]'"):
        AudioReader(matroska)


def test_it_can_be_cancelled(matroska):
    cancel = threading.Event()
    with SourceFile(matroska) as film, pytest.raises(Cancelled):
        TrackFile(film, tell=lambda share: cancel.set() if share > 0.3 else None, cancel=cancel)


def test_a_film_that_changes_while_it_is_decoded_is_refused(place):
    path = make_film(place / "changing.mkv", "matroska")

    def change(share):
        if share > 0.5:
            with path.open("ab") as file:
                file.write(b"more")

    with SourceFile(path) as film, pytest.raises(AudioFileError, match="changed while it was being read"):
        TrackFile(film, tell=change)


def test_players_and_this_hear_the_same(matroska):
    np.testing.assert_array_equal(read(matroska)[0], heard(matroska)[1])
