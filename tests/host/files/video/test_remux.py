"""Sound put back into a film: in time to the sample, with everything else as it was."""

import contextlib
import errno
import io
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from wavemend.errors import AudioFileError
from wavemend.host.files.source_file import SourceFile
from wavemend.host.files.video.carried import check_written
from wavemend.host.files.video.encoding import planned
from wavemend.host.files.video.remux import Restored, put_back
from wavemend.host.files.video.track_file import TrackFile

from tests.host.films import FLASH_S, RATE, chapters, described, heard, make_film, packets, seen, sound

FILMS = {
    "film.mp4": ("mp4", {"start_s": 0.25}),
    "film.mkv": ("matroska", {"start_s": 0.25}),
    "film.mov": ("mov", {"coding": "pcm_s24le"}),
    "film.avi": ("avi", {"coding": "libmp3lame", "second": "libmp3lame"}),
    "lossless.mp4": ("mp4", {"coding": "alac"}),
    "flac.mkv": ("matroska", {"coding": "flac"}),
    "ac3.mkv": ("matroska", {"coding": "ac3"}),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("films")


def put(path, tracks=(1,), change=lambda audio: audio):
    """Put the sound of a film back as it is read, or changed; return the new film and what is to be told."""
    target = path.with_name(f"new-{path.name}")
    with SourceFile(path) as film, contextlib.ExitStack() as stack:
        restored = []
        for number in tracks:
            source = stack.enter_context(TrackFile(film, track=number))
            audio, rate = soundfile.read(source.open(), always_2d=True)
            wave = path.with_suffix(f".{number}.wav")
            subtype = "PCM_24" if source.lossy_coding else source.coded.subtype
            soundfile.write(wave, change(audio), rate, subtype=subtype)
            restored.append(Restored(source.index, source.coded, wave))
        kind = planned(film).kind
        target = kind.named(target)
        target.touch()
        return target, check_written(film, target, put_back(film, target, kind, restored))


@pytest.mark.parametrize("name", FILMS)
def test_everything_but_the_sound_is_as_it_was_and_that_is_in_time(place, name):
    container, options = FILMS[name]
    old = make_film(place / name, container, **options)
    new, told = put(old)
    assert told == []
    assert packets(new, "video") == packets(old, "video")
    assert packets(new, "audio", 1) == packets(old, "audio", 1)
    assert chapters(new) == chapters(old)
    assert described(new) == described(old)
    assert seen(new) == seen(old)
    assert abs(heard(new)[0] - heard(old)[0]) < 0.001


@pytest.mark.parametrize("name", ["film.mov", "lossless.mp4", "flac.mkv"])
def test_lossless_sound_stays_what_it_is_to_the_bit(place, name):
    container, options = FILMS[name]
    new, _ = put(make_film(place / name, container, **options))
    np.testing.assert_array_equal(heard(new)[1][:, : 2 * RATE], sound())


def test_both_sounds_can_be_put_back(place):
    old = make_film(place / "both.mkv", "matroska")
    new, told = put(old, tracks=(1, 2), change=lambda audio: audio / 2)
    assert told == []
    assert packets(new, "video") == packets(old, "video")
    for number in (0, 1):
        (was_at, was), (is_at, now) = heard(old, number), heard(new, number)
        assert abs(is_at - was_at) < 0.001
        assert np.abs(now).max() / np.abs(was).max() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("drift", [400e-6, -400e-6])
def test_a_recorders_drifting_clock_stays_beside_the_pictures(place, drift):
    def stamp(at):
        return round(at * (1 + 50 * drift))

    old = make_film(place / "drift.mkv", "matroska", "pcm_s16le", stamp=stamp)
    new, _ = put(old)
    was, now = packets(old, "audio"), packets(new, "audio")
    apart = [abs(b - a) for (_, a, _), (_, b, _) in zip(was, now, strict=True)]
    assert max(apart) <= 0.001
    np.testing.assert_array_equal(heard(new)[1], heard(old)[1])


def test_a_pause_in_the_stamps_leaves_what_follows_in_time(place):
    def stamp(at):
        return at + (RATE // 3 if at > RATE else 0)

    old = make_film(place / "pause.mkv", "matroska", "pcm_s16le", stamp=stamp)
    new, _ = put(old)
    assert abs(heard(old)[0] - FLASH_S - 1 / 3) < 0.001
    assert abs(heard(new)[0] - heard(old)[0]) <= 0.001


def test_a_turned_picture_stays_turned(place):
    path = make_film(place / "turned.mp4", "mp4")
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 32 << 16, 0, 1 << 30)
    straight = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    data = path.read_bytes()
    at = data.index(straight, data.index(b"tkhd"))
    path.write_bytes(data[:at] + matrix + data[at + len(matrix) :])
    new, _ = put(path)
    written = new.read_bytes()
    assert matrix in written[written.index(b"tkhd") :]


def picture():
    made = io.BytesIO()
    with av.open(made, "w", format="mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=1, width=32, height=32, pix_fmt="yuvj420p")
        for packet in [*stream.encode(av.VideoFrame(32, 32, "yuvj420p")), *stream.encode(None)]:
            out.mux(packet)
    return made.getvalue()


def test_what_is_attached_stays_attached(place):
    cover = picture()

    def attach(out):
        out.add_attachment("type.ttf", "font/ttf", b"a typeface")
        out.add_attachment("cover.jpg", "image/jpeg", cover)

    new, told = put(make_film(place / "attached.mkv", "matroska", others=attach))
    assert told == []
    with av.open(str(new)) as film:
        (typeface,) = film.streams.attachments
        assert (typeface.name, typeface.data) == ("type.ttf", b"a typeface")
        assert len(film.streams.video) == 2
        assert film.streams.video[1].disposition == av.stream.Disposition.attached_pic
    assert packets(new, "video", 1)[0][0] == cover


def test_subtitles_stay(place):
    said = [(b"Hello", 300), (b"Bye", 1500)]

    def subtitle(out):
        stream = out.add_mux_stream("subrip")
        stream.time_base = Fraction(1, 1000)
        stream.metadata["language"] = "deu"
        words.append(stream)

    def say(out):
        for text, at in said:
            packet = av.Packet(text)
            packet.pts = packet.dts = at
            packet.duration, packet.time_base, packet.stream = 500, Fraction(1, 1000), words[0]
            out.mux(packet)

    words: list[av.stream.Stream] = []
    old = make_film(place / "subtitles.mkv", "matroska", others=subtitle, last=say)
    new, told = put(old)
    assert told == []
    assert described(new) == described(old)
    assert packets(new, "subtitle") == packets(old, "subtitle")
    assert [text for text, _, _ in packets(new, "subtitle")] == [text for text, _ in said]


def test_a_track_without_a_packet_stays(place):
    def subtitle(out):
        out.add_mux_stream("subrip").metadata["language"] = "deu"

    old = make_film(place / "empty.mkv", "matroska", others=subtitle)
    new, told = put(old)
    assert told == []
    assert described(new) == described(old)


def test_what_describes_samples_that_changed_is_left_out_and_told(place):
    tags = {"title": "Lake", "REPLAYGAIN_TRACK_GAIN": "-3 dB"}
    new, told = put(make_film(place / "gain.mkv", "matroska", tags=tags))
    assert told == ["REPLAYGAIN_TRACK_GAIN: left out, because the samples changed"]
    with av.open(str(new)) as film:
        assert "REPLAYGAIN_TRACK_GAIN" not in film.metadata


def test_one_line_names_all_that_has_no_place(place, monkeypatch):
    path = make_film(place / "names.mp4", "mp4", tags={"title": "Lake", "bogus": "1", "com": "2"},
                     options={"movflags": "use_metadata_tags"})  # fmt: skip
    new, told = put(path)
    assert told == ["has no place in the film that was written: tag bogus, tag com"]
    with av.open(str(new)) as film:
        assert film.metadata["title"] == "Lake"


def test_a_coding_that_cannot_be_written_is_replaced_by_one_that_loses_nothing(place):
    new, told = put(make_film(place / "mulaw.mov", "mov", "pcm_mulaw"))
    assert told == ["sound track 1: its sound was PCM_MULAW, which cannot be written; ALAC takes its place"]
    with av.open(str(new)) as film:
        assert film.streams.audio[0].codec_context.name == "alac"


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_the_same_film_has_the_same_bytes(place, container):
    old = make_film(place / f"same.{container[:3]}", container)
    assert put(old)[0].read_bytes() == put(old)[0].read_bytes()


def test_a_full_disk_is_told_as_one(place, monkeypatch):
    path = make_film(place / "full.mkv", "matroska")
    opened = Path.open

    class Full(io.FileIO):
        def write(self, data):
            if self.tell() > 20_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    def open_full(self, mode="r", *rest, **options):
        return Full(self, "r+") if mode == "r+b" else opened(self, mode, *rest, **options)

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(OSError, match="No space left") as told:
        put(path)
    assert told.value.errno == errno.ENOSPC


def test_pictures_that_came_out_otherwise_are_an_error(place, monkeypatch):
    path = make_film(place / "other.mkv", "matroska")

    def other_film(*arguments, put_back=put_back):
        written = put_back(*arguments)
        target = arguments[1]
        data, (picture, _, _) = target.read_bytes(), packets(target, "video")[20]
        target.write_bytes(data.replace(picture, bytes(len(picture))))
        return written

    monkeypatch.setitem(globals(), "put_back", other_film)
    with pytest.raises(AudioFileError, match=r"other.mkv: track 0 is not what it was"):
        put(path)
