"""Rendering: the same bytes, nothing lost, nothing half-written."""

import json
import os
import sys
import threading

import jsonschema
import numpy as np
import pedalboard
import pytest
import soundfile
from wavemend import Chain, Slot, load_preset, render
from wavemend.contract.stage import Framing, Processor, Stage, Step
from wavemend.errors import AudioFileError, AudioValueError, Cancelled, ParameterError, PluginError
from wavemend.host.chain import cuts
from wavemend.host.files import audio_format
from wavemend.host.rendering.samples import headroom_gain
from wavemend.host.storage.hashing import sha256_of
from wavemend.plugins.dc_offset import DcOffset
from wavemend.plugins.declick.stage import Declick
from wavemend.plugins.denoise import Denoise
from wavemend.plugins.rumble import Rumble

from tests.host.recordings import RATE, damaged, words, write


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def vinyl():
    return load_preset("vinyl").chain


@pytest.mark.parametrize("block_size", [1000, 8192, 65_536, 10**9])
def test_same_bytes_for_every_block_size_and_like_the_chain_in_memory(tmp_path, block_size):
    source = write(tmp_path / "a.wav", damaged())
    render("vinyl", source, tmp_path / "usual" / "a.wav", removed=True, events=True)
    render("vinyl", source, tmp_path / "other" / "a.wav", removed=True, events=True, block_size=block_size)
    assert len(names(tmp_path / "usual")) == 4
    for name in names(tmp_path / "usual"):
        assert sha256_of(tmp_path / "usual" / name) == sha256_of(tmp_path / "other" / name)
    in_memory = vinyl()(soundfile.read(source)[0], RATE)
    on_disk = soundfile.read(tmp_path / "usual" / "a.wav")[0]
    assert np.abs(in_memory - on_disk).max() <= 1.5 / 2**15 + 1e-9  # one step of dither, half of rounding


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_restored_plus_removed_is_the_original_to_the_bit(tmp_path, subtype):
    source = write(tmp_path / "a.wav", damaged(), subtype)
    chain = Chain([DcOffset(), Declick(), Slot(Declick(sensitivity=8), mix=0.5)])
    done = render(chain, source, tmp_path / "b.wav", removed=True)
    assert done.removed == tmp_path / "b.removed.wav"
    original, restored, removed = (soundfile.read(p)[0] for p in (source, done.output, done.removed))
    report = json.loads(done.report.read_text())
    assert report["restored_plus_removed_is_original"] == np.array_equal(restored + removed, original)
    # Between doubles alone there is nothing wider to hold the difference in.
    assert report["restored_plus_removed_is_original"] or subtype == "DOUBLE"
    tolerance = 2**-52 if subtype == "DOUBLE" else 0
    assert np.abs(restored + removed - original).max() <= tolerance
    assert np.any(restored != original)
    wider = {"PCM_U8": "PCM_16", "PCM_16": "PCM_24", "PCM_24": "PCM_32"}.get(subtype, "DOUBLE")
    assert soundfile.info(done.removed).subtype == report["removed"]["subtype"] == wider


def test_an_over_in_what_was_removed_is_kept_in_floats(tmp_path):
    audio = np.zeros((1, RATE))
    audio[0] = 0.9 * np.sin(2 * np.pi * 50 * np.arange(RATE) / RATE)
    source = write(tmp_path / "a.flac", audio)

    class FlipSign(DcOffset):
        """Removes twice the sound itself."""

        needs_findings = False

        def framing(self, sample_rate):
            return Framing(1000)

        def processor(self, sample_rate, channels, findings):
            class Flip(Processor):
                def step(self, frame, sink):
                    return -frame

            return Flip()

    done = render(Chain([FlipSign()]), source, tmp_path / "b.flac", removed=True)
    assert done.removed == tmp_path / "b.removed.wav"
    assert np.array_equal(soundfile.read(done.removed)[0], 2 * soundfile.read(source)[0])
    assert names(tmp_path) == ["a.flac", "b.flac", "b.flac.report.json", "b.removed.wav"]


def test_what_was_removed_counts_repairs_alone_in_a_mixed_chain(tmp_path):
    source = write(tmp_path / "a.wav", damaged(), "PCM_24")
    chain = Chain([DcOffset(), Rumble(cutoff_hz=100), pedalboard.Gain(-6)])
    done = render(chain, source, tmp_path / "b.wav", removed=True)
    removed = soundfile.read(done.removed)[0].T
    offset = DcOffset().analyse(soundfile.read(source)[0].T, RATE).mean
    assert np.abs(removed - offset[:, None]).max() < 2**-30
    assert not json.loads(done.report.read_text())["restored_plus_removed_is_original"]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".caf", ".w64"])
def test_an_empty_chain_gives_back_the_same_samples_and_kind_of_file(tmp_path, suffix):
    source = tmp_path / f"a{suffix}"
    write(source, damaged(), "PCM_24")
    done = render(Chain(), source, tmp_path / f"b{suffix}")
    assert np.array_equal(words(source), words(done.output))
    before, after = soundfile.info(source), soundfile.info(done.output)
    assert (before.format, before.subtype, before.samplerate) == (
        after.format,
        after.subtype,
        after.samplerate,
    )


def test_a_lossy_source_becomes_flac_and_another_ending_another_container(tmp_path):
    soundfile.write(tmp_path / "a.ogg", damaged().T, RATE)
    done = render(Chain([DcOffset()]), tmp_path / "a.ogg", tmp_path / "a.flac")
    assert soundfile.info(done.output).format == "FLAC" and soundfile.info(done.output).subtype == "PCM_24"
    done = render(Chain(), done.output, tmp_path / "b.wav")
    assert np.array_equal(words(tmp_path / "a.flac"), words(tmp_path / "b.wav"))
    with pytest.raises(AudioFileError, match=r"\.mp3"):
        render(Chain(), done.output, tmp_path / "b.mp3")


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg"])
def test_a_lossy_file_that_was_cut_short_is_restored_with_a_warning(tmp_path, name):
    soundfile.write(tmp_path / name, damaged(4.0).T, RATE)
    assert not render("prepare", tmp_path / name, tmp_path / "whole.flac", ease_lossy=False).warnings
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes((tmp_path / name).read_bytes()[: (tmp_path / name).stat().st_size // 2])
    (warning,) = render("prepare", cut, tmp_path / "cut.flac", ease_lossy=False).warnings
    assert warning.startswith(f"{cut.name} is cut short: it ends at 0:0")


def test_an_over_never_clips(tmp_path):
    source = write(tmp_path / "a.wav", damaged())
    loud = Chain([pedalboard.Gain(18), Declick()])
    done = render(loud, source, tmp_path / "b.wav", events=True, removed=True)
    expected = loud(soundfile.read(source)[0].T, RATE)
    assert np.abs(expected).max() > 1.2
    restored = soundfile.read(done.output)[0].T
    assert np.abs(restored).max() < 1
    assert np.abs(restored / done.headroom_gain - expected).max() < 3 / 2**15
    assert any("turned down" in w for w in done.warnings)
    lines = done.events_file.read_text().splitlines()
    assert len(lines) == sum(done.events.values()) > 3
    done = render(loud, source, tmp_path / "c.wav", overs="float")
    assert done.headroom_gain == 1 and soundfile.info(done.output).subtype == "FLOAT"
    assert np.abs(soundfile.read(done.output)[0].T - expected).max() < 1e-6


def test_headroom_is_enough_and_hardly_more():
    for peak in np.geomspace(1 + 1e-9, 50, 300):
        held = peak * headroom_gain(peak)
        assert held + 1e-12 >= 10 ** (-0.02 / 20) and held < 1 - 2**-10  # 0.01 to 0.02 dB below


def test_the_report_has_every_value_beside_a_member_that_no_preset_holds(tmp_path):
    source = write(tmp_path / "a.wav", damaged(0.5))
    sharper = Chain([Declick(), pedalboard.Mix([pedalboard.Gain(0)])])
    report = json.loads(render(sharper, source, tmp_path / "b.wav").report.read_text())
    assert report["chain"][0]["parameters"] == Declick().values()
    assert "Mix" in json.dumps(report["chain"][1])


def test_the_report_says_what_was_done(tmp_path):
    source = write(tmp_path / "a.wav", damaged())
    done = render("vinyl", source, tmp_path / "b.wav", events=True)
    report = json.loads(done.report.read_text())
    assert report["input"]["sha256"] == sha256_of(source)
    assert report["output"]["sha256"] == sha256_of(done.output)
    assert report["events"] == [
        {"slot": "1", "stage": "wavemend.declick", "kind": "click", "count": sum(done.events.values())}
    ]
    learned = [found["stage"] for found in report["findings"]]
    assert learned == ["wavemend.dehum", "wavemend.denoise"]
    from wavemend.host.presets.schema import preset_schema

    preset = {"format": "wavemend-preset", "format_version": 1, "name": "", "chain": report["chain"]}
    jsonschema.validate(preset, preset_schema())
    events = [json.loads(line) for line in done.events_file.read_text().splitlines()]
    starts = {event["position"] for event in events}
    planted = range(4000, 65_000, int(0.3 * RATE))
    assert all(any(abs(start - place) < 30 for start in starts) for place in planted)
    assert str(tmp_path) not in done.report.read_text()


def test_never_over_the_input_or_an_existing_file(tmp_path):
    source = write(tmp_path / "a.wav", damaged())
    link = tmp_path / "link.wav"
    link.symlink_to(source)
    before = source.read_bytes()
    for target in (source, link, tmp_path / "." / "a.wav"):
        for overwrite in (False, True):
            with pytest.raises(AudioFileError, match="input itself"):
                render("prepare", source, target, overwrite=overwrite)
    other = tmp_path / "b.wav"
    other.write_text("precious")
    with pytest.raises(AudioFileError, match="is there already"):
        render("prepare", source, other)
    other.unlink()
    report = tmp_path / "b.wav.report.json"
    report.write_text("precious")
    with pytest.raises(AudioFileError, match=r"report\.json: is there already"):
        render("prepare", source, other)
    assert source.read_bytes() == before and names(tmp_path) == ["a.wav", "b.wav.report.json", "link.wav"]
    render("prepare", source, other, overwrite=True)
    assert other.exists()


class Failing(Stage):
    """Fails in mid-file."""

    id = "tests.failing"
    name = "Failing"
    place = Step.EQ

    def framing(self, sample_rate):
        return Framing(1000)

    def processor(self, sample_rate, channels, findings):
        class Fail(Processor):
            count = 0

            def step(self, frame, sink):
                self.count += 1
                if self.count > 40:
                    raise PluginError("worn out")
                return frame

        return Fail()


@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_is_left_where_a_plugin_fails_or_someone_cancels(tmp_path, jobs):
    before = threading.active_count()
    source = write(tmp_path / "a.wav", damaged())
    with pytest.raises(PluginError, match="worn out"):
        render(Chain([Failing()]), source, tmp_path / "b.wav", removed=True, events=True, jobs=jobs)
    cancel = threading.Event()
    seen = []

    def progress(share, doing):
        seen.append((share, doing))
        if share > 0.6:
            cancel.set()

    with pytest.raises(Cancelled):
        render(
            "vinyl", source, tmp_path / "b.wav", progress=progress, cancel=cancel, block_size=4096, jobs=jobs
        )
    shares = [share for share, _ in seen]
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1
    assert len({doing for _, doing in seen}) == 2  # listening, and restoring
    assert names(tmp_path) == ["a.wav"]
    assert threading.active_count() == before


def test_same_bytes_for_any_number_of_cores_in_parts_and_where_the_pass_runs_again(tmp_path, monkeypatch):
    monkeypatch.setattr(cuts, "LENGTH_S", 0.8)
    audio = damaged()
    audio[:, 30_000:30_010] = 1.0
    source = write(tmp_path / "a.wav", audio)
    chain = Chain([Declick(), Denoise(), pedalboard.Gain(18.0)])  # brings it over full scale
    for jobs in (1, 2):
        done = render(chain, source, tmp_path / f"{jobs}" / "a.wav", removed=True, events=True, jobs=jobs)
        assert done.headroom_gain < 1
    assert len(names(tmp_path / "1")) == 4
    for name in names(tmp_path / "1"):
        assert sha256_of(tmp_path / "1" / name) == sha256_of(tmp_path / "2" / name)


def test_an_interrupt_leaves_no_file_and_no_thread(tmp_path, monkeypatch):
    monkeypatch.setattr(cuts, "LENGTH_S", 0.5)
    source = write(tmp_path / "a.wav", damaged())
    before = threading.active_count()

    def progress(share, doing):
        if share > 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render("vinyl", source, tmp_path / "b.wav", progress=progress, block_size=4096, jobs=2)
    assert names(tmp_path) == ["a.wav"]
    assert threading.active_count() == before


@pytest.mark.parametrize("jobs", [0, -1, 257, 1.5, True])
def test_a_number_of_cores_that_is_none(tmp_path, jobs):
    with pytest.raises(
        ParameterError, match=r"jobs=.* is not allowed; it must be a whole number from 1 to 256"
    ):
        render("vinyl", tmp_path / "a.wav", tmp_path / "b.wav", jobs=jobs)


def test_bad_sources(tmp_path):
    empty = write(tmp_path / "empty.wav", np.zeros((2, 0)))
    with pytest.raises(AudioFileError, match=r"empty\.wav: holds no samples"):
        render("prepare", empty, tmp_path / "b.wav")
    audio = damaged()
    audio[1, 5000] = np.nan
    poisoned = write(tmp_path / "nan.wav", audio, "FLOAT")
    with pytest.raises((AudioFileError, AudioValueError), match=r"(?s)nan.*5000"):
        render("prepare", poisoned, tmp_path / "b.wav")
    assert names(tmp_path) == ["empty.wav", "nan.wav"]


def test_a_source_that_changes_meanwhile_is_refused(tmp_path):
    source = write(tmp_path / "a.wav", damaged())

    def progress(share, doing):
        with source.open("ab") as file:
            file.write(b"x")

    with pytest.raises(AudioFileError, match="changed while"):
        render("prepare", source, tmp_path / "b.wav", progress=progress)
    assert names(tmp_path) == ["a.wav"]


def test_what_was_removed_is_never_written_over_the_input(tmp_path):
    source = write(tmp_path / "a.removed.wav", damaged(0.3))
    before = source.read_bytes()
    for overwrite in (False, True):
        with pytest.raises(AudioFileError, match=r"a\.removed\.wav: is the input itself"):
            render(Chain([Declick()]), source, tmp_path / "a.wav", removed=True, overwrite=overwrite)
    assert names(tmp_path) == ["a.removed.wav"] and source.read_bytes() == before


@pytest.fixture
def offset_peak(tmp_path):
    """A recording that passes full scale once its offset is gone."""
    audio = 0.3 * damaged() + 0.2
    audio[:, 39_600:40_400] = -1.1 * np.hanning(800) + 0.2  # too long for a click
    return write(tmp_path / "a.wav", audio), Chain([DcOffset(), Declick(), Denoise()])


def test_what_was_removed_is_whole_where_the_recording_was_turned_down(offset_peak, tmp_path):
    source, chain = offset_peak
    done = render(chain, source, tmp_path / "b.wav", removed=True)
    assert done.headroom_gain < 1
    original, restored, removed = (soundfile.read(p)[0] for p in (source, done.output, done.removed))
    assert abs(removed.mean() - 0.2) < 0.01  # what the first stage took, before the working copy was made
    assert np.abs(restored / done.headroom_gain + removed - original).max() < 1e-6
    assert not json.loads(done.report.read_text())["restored_plus_removed_is_original"]


def test_restored_as_floats_plus_removed_is_the_original_to_the_bit(offset_peak, tmp_path):
    source, chain = offset_peak
    done = render(chain, source, tmp_path / "b.wav", removed=True, overs="float")
    original, restored, removed = (soundfile.read(p)[0] for p in (source, done.output, done.removed))
    assert np.abs(restored).max() > 1 and np.array_equal(restored + removed, original)
    assert json.loads(done.report.read_text())["restored_plus_removed_is_original"]


def test_floats_go_into_a_file_whose_ending_says_so(tmp_path):
    source = write(tmp_path / "a.flac", damaged(0.5))
    loud = Chain([pedalboard.Gain(18)])
    done = render(loud, source, tmp_path / "b.flac", overs="float", removed=True, events=True)
    assert done.output == tmp_path / "b.wav" and soundfile.info(done.output).format == "WAV"
    assert names(tmp_path) == [
        "a.flac", "b.removed.wav", "b.wav", "b.wav.events.jsonl", "b.wav.report.json"
    ]  # fmt: skip
    assert json.loads(done.report.read_text())["output"]["name"] == "b.wav"
    named_like_the_output = tmp_path / "a.wav"
    source.rename(named_like_the_output)
    with pytest.raises(AudioFileError, match="input itself"):
        render(loud, named_like_the_output, tmp_path / "a.flac", overs="float", overwrite=True)
    assert soundfile.info(named_like_the_output).format == "FLAC"


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8")
def test_a_name_that_is_not_unicode(tmp_path):
    source = tmp_path / os.fsdecode(b"caf\xe9.wav")
    write(tmp_path / "x.wav", damaged(0.3)).rename(source)
    done = render("prepare", source, tmp_path / "out" / source.name)
    assert json.loads(done.report.read_text())["input"]["name"] == source.name


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    source = write(tmp_path / "a.wav", damaged(0.3))
    with pytest.raises(AudioFileError, match=r"a\.wav: is a file"):
        render("prepare", source, source / "b.wav")
    with pytest.raises(AudioFileError, match="the folder cannot be made"):
        render("prepare", source, tmp_path / ("x" * 300) / "b.wav")


@pytest.mark.parametrize("loud", [1e30, 1.0])
def test_a_report_does_not_say_that_floats_add_up_which_do_not(tmp_path, loud):
    audio = damaged()
    audio[:, 30_000:30_003] = loud
    source = write(tmp_path / "a.wav", audio, "FLOAT")
    done = render(Chain([DcOffset()]), source, tmp_path / "b.wav", removed=True)
    original, restored, removed = (soundfile.read(p)[0] for p in (source, done.output, done.removed))
    said = json.loads(done.report.read_text())["restored_plus_removed_is_original"]
    assert said == np.array_equal(restored + removed, original)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("overs", "clip"),
        ("seed", -1),
        ("seed", 1.5),
        ("strength", 101),
        ("strength", True),
        ("trim_ends_s", 3601),
        ("trim_ends_s", float("nan")),
    ],
)
def test_options_that_are_not_allowed_are_refused_before_anything_is_opened(tmp_path, option, value) -> None:
    with pytest.raises(ParameterError, match=f"{option}={value} is not allowed|{option}='{value}' is not"):
        render("prepare", tmp_path / "not there.wav", tmp_path / "out.wav", **{option: value})


def test_a_wav_that_grows_beyond_what_a_wav_holds_becomes_rf64(tmp_path, monkeypatch):
    source = write(tmp_path / "a.wav", np.clip(3 * damaged(0.3), -1, 1 - 2**-15))
    monkeypatch.setattr(audio_format, "_MAX_DATA_BYTES", 60_000)  # 53 kB as 16 bits, 106 kB as floats
    done = render(Chain([pedalboard.Gain(6)]), source, tmp_path / "b.wav", overs="float")
    assert done.output.read_bytes()[:4] == b"RF64" and done.output.name == "b.wav"
    assert soundfile.info(done.output).subtype == "FLOAT"
    with pytest.raises(AudioFileError, match=r"\.aiff cannot hold .* which pass 4 GB; choose \.wav"):
        render(Chain([pedalboard.Gain(-6)]), write(tmp_path / "c.wav", damaged(0.5)), tmp_path / "c.aiff")
