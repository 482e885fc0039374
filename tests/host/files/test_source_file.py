"""A recording is one file for all who read it, however its name, its disk or its reader fare meanwhile."""

import contextlib
import errno
import os

import mutagen
import numpy as np
import pytest
from mutagen import id3
from wavemend.errors import AudioFileError
from wavemend.host.files.audio_reader import AudioReader
from wavemend.host.files.libsndfile import SoundInput
from wavemend.host.files.source_file import SourceFile
from wavemend.host.files.tags import copy_tags

from ..failing_disks import counted_reads, failing_at, interrupted_at, spread
from .sound_files import encoded
from .tagged_files import FLAC, carry, store

KINDS = {
    "wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "aiff": ("AIFF", "PCM_24"),
    "caf": ("CAF", "ALAC_16"), "ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}  # fmt: skip
FAILED = r"reading failed at byte \d+: Input/output error; copy it"
LOSSY = ("ogg", "opus", "mp3", "tagged.mp3")


def recording(folder, kind, seed=0):
    """Noise in a file of one kind; ``tagged.mp3`` has a tag behind its sound, which libsndfile never sees."""
    path = folder / f"{seed}.{kind}"
    audio = 0.1 * np.random.default_rng(seed).standard_normal((2, 30_000 + 5000 * seed))
    encoded(path, *KINDS[kind.removeprefix("tagged.")], audio)
    if kind.startswith("tagged"):
        with path.open("ab") as file:
            file.write(b"TAG" + bytes(125))
    return path


def everything(reader):
    return np.concatenate(list(reader.blocks(1000)), axis=1)


@pytest.mark.parametrize("kind", [*KINDS, "tagged.mp3"])
def test_a_reader_stays_with_the_file_that_it_opened(tmp_path, kind):
    source, other = recording(tmp_path, kind), recording(tmp_path, kind, seed=1)
    with AudioReader(source) as reader:
        whole = everything(reader)
    with SourceFile(source) as file, AudioReader(file) as reader:
        digest = file.sha256
        other.replace(source)
        with AudioReader(file) as second:
            for one in (reader, second, reader):  # lossy streams are opened anew to begin again
                assert np.array_equal(one.read(0, 1000), whole[:, :1000])
                with pytest.raises(AudioFileError, match="another file took its place"):
                    everything(one)
                assert np.array_equal(one.read(20_000, 50_000), whole[:, 20_000:])
        assert file._hash() == digest
    with AudioReader(source) as reader:
        assert everything(reader).shape[1] > whole.shape[1]


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3", "wav"])
def test_tags_are_those_of_the_file_that_was_opened(tmp_path, kind):
    source = recording(tmp_path, kind)
    tagged = mutagen.File(source)
    if tagged.tags is None:
        tagged.add_tags()
    if isinstance(tagged.tags, id3.ID3):
        tagged.tags.add(id3.TIT2(text="Waltz"))
    else:
        tagged["title"] = "Waltz"
    tagged.save()
    target = store(tmp_path / "target.flac", "FLAC")
    with SourceFile(source) as file:
        source.rename(tmp_path / "elsewhere")
        copy_tags(file, target)
    assert mutagen.File(target)["title"] == ["Waltz"]


def test_what_is_written_into_while_it_is_read_is_refused(tmp_path):
    def grow(path):
        with path.open("ab") as file:
            file.write(b"x")

    def overwrite(path):
        with path.open("r+b") as file:
            file.seek(30_000)
            file.write(b"new")
        os.utime(path, (1, 1))

    for change in (grow, overwrite, lambda path: os.truncate(path, 50_000)):
        source = recording(tmp_path, "wav")
        with AudioReader(source) as reader:
            blocks = reader.blocks(1000)
            next(blocks)
            change(source)
            with pytest.raises(AudioFileError, match="changed while it was being read"):
                list(blocks)


def test_a_change_that_no_date_tells_is_told_by_the_bytes(tmp_path):
    source = recording(tmp_path, "wav")
    with SourceFile(source) as file:
        assert file.sha256
        file.confirm()
        status = source.stat()
        with source.open("r+b") as other:
            other.seek(30_000)
            other.write(b"new")
        os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
        file.check()
        with pytest.raises(AudioFileError, match="changed while it was being read"):
            file.confirm()


def test_what_is_moved_away_is_read_on(tmp_path):
    source = recording(tmp_path, "ogg")
    with AudioReader(source) as reader:
        whole = everything(reader)
        source.rename(tmp_path / "elsewhere.ogg")
        assert np.array_equal(everything(reader), whole)
        assert reader.source.is_at(tmp_path / "elsewhere.ogg") and not reader.source.is_at(source)


@pytest.mark.parametrize("kind", [*KINDS, "tagged.mp3"])
def test_a_disk_that_fails_is_an_error_and_no_end(tmp_path, monkeypatch, kind):
    source = recording(tmp_path, kind)
    with monkeypatch.context() as patch:
        reads = counted_reads(patch, source)
        with AudioReader(source) as reader:
            everything(reader)
            reader.read(0, 30_000)
    for number in spread(len(reads), 12):
        with monkeypatch.context() as patch:
            counted_reads(patch, source, failing_at(number))
            with (
                pytest.raises(
                    AudioFileError, match=r"reading failed at byte \d+: Input/output error; copy it"
                ),
                AudioReader(source) as reader,
            ):
                everything(reader)
                reader.read(0, 30_000)


@pytest.mark.parametrize("kind", ["wav", "flac", *LOSSY])
def test_an_interrupt_within_the_decoder_is_an_interrupt(tmp_path, monkeypatch, kind):
    source = recording(tmp_path, kind)
    with monkeypatch.context() as patch:
        reads = counted_reads(patch, source)
        with AudioReader(source) as reader:
            everything(reader)
    for number in spread(len(reads), 6):
        with monkeypatch.context() as patch:
            counted_reads(patch, source, interrupted_at(number))
            with pytest.raises(KeyboardInterrupt), AudioReader(source) as reader:
                everything(reader)


@pytest.mark.parametrize("kind", ["wav", "flac", *LOSSY])
@pytest.mark.parametrize("method", ["seek", "tell", "readinto"])
@pytest.mark.parametrize("failure", [OSError(errno.EIO, "gone"), KeyboardInterrupt(), SystemExit(3)])
def test_whatever_a_python_file_raises_comes_through_libsndfile(tmp_path, kind, method, failure):
    source = recording(tmp_path, kind)

    def decode(happen):
        """Decode all of the recording; `happen` is called before each call of the method."""
        with SourceFile(source) as file:
            view = file.view()
            plain = getattr(view, method)

            def called(*arguments):
                happen()
                return plain(*arguments)

            setattr(view, method, called)
            with contextlib.closing(SoundInput(view)) as sound:
                block = np.empty((4000, sound.channels))
                while sound.decode(block):
                    pass

    calls = []
    decode(lambda: calls.append(1))
    for number in spread(len(calls), 5):
        left = [number]

        def happen(left=left):
            left[0] -= 1
            if left[0] == 0:
                raise failure

        with pytest.raises(type(failure)) as caught:
            decode(happen)
        assert caught.value is failure


def test_tags_that_a_disk_does_not_give_are_no_damaged_tags(tmp_path, monkeypatch):
    for kind in ("flac", "ogg", "mp3"):
        source = recording(tmp_path, kind)
        carry(source, tmp_path / "target.flac", FLAC)
        with monkeypatch.context() as patch:
            reads = counted_reads(patch, source)
            with SourceFile(source) as file:
                copy_tags(file, tmp_path / "target.flac")
        for number in spread(len(reads), 8):
            with monkeypatch.context() as patch:
                counted_reads(patch, source, failing_at(number))
                with SourceFile(source) as file, pytest.raises(AudioFileError, match="reading failed"):
                    copy_tags(file, tmp_path / "target.flac")
                    file.check()
