"""One recording through a VST3: aligned, the same bits however it is cut, and told in time what failed."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wavemend import Chain
from wavemend.errors import AudioValueError, PluginError, WorkerCrashedError, WorkerTimedOutError
from wavemend.host.vst3.plugin import VST3

RATE = 8000
BLOCK = 256


def recording(seconds=5.0, channels=2, seed=0):
    rng = np.random.default_rng(seed)
    audio = 0.1 * rng.standard_normal((channels, int(seconds * RATE)))
    return audio.astype(np.float32).astype(np.float64)


def through(plugin, audio, sizes=()):
    """Stream `audio` in blocks of these sizes; check what is held back."""
    stream = plugin.stream(RATE, audio.shape[0])
    out, position, given_back = [], 0, 0
    for size in [*sizes, audio.shape[1] - sum(sizes)]:
        out.append(stream.step(audio[:, position : position + size]))
        position += size
        given_back += out[-1].shape[1]
        assert 0 <= position - given_back <= stream.latency
    return np.concatenate([*out, stream.flush()], axis=1)


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize("name", ["Good", "Latency"])
def test_what_delays_comes_back_aligned(scanned, name, isolated):
    scanned(name)
    audio = recording()
    plugin = VST3(name, block_size=BLOCK, isolated=isolated)
    assert np.array_equal(through(plugin, audio), audio)
    assert plugin.reported_latency_samples == (1000 if name == "Latency" else 0)


@pytest.mark.parametrize("block_size", [32, 999, 1000, 1001, 65_536])
def test_any_delay_fits_any_block(scanned, block_size):
    scanned("Latency")
    audio = recording(1.0)
    assert np.array_equal(through(VST3("Latency", block_size=block_size), audio), audio)


@pytest.mark.parametrize("length", [0, 1, 255, 256, 257])
def test_the_output_is_as_long_as_the_input(scanned, length):
    scanned("Latency")
    audio = recording()[:, :length]
    assert np.array_equal(through(VST3("Latency", block_size=BLOCK), audio), audio)


def test_any_partition_gives_the_same_bits(scanned):
    """With a plugin whose output shows where its blocks begin."""
    scanned("BlockEdges")
    audio = recording(1.0)
    plugin = VST3("BlockEdges", block_size=BLOCK, isolated=False)
    whole = through(plugin, audio)
    assert (whole[:, ::BLOCK] == 0.5).all() and (np.delete(whole, np.s_[::BLOCK], axis=1) != 0.5).all()

    @settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.integers(0, 1500), max_size=5))
    def check(sizes):
        assert np.array_equal(through(plugin, audio, sizes), whole)

    check()
    isolated = VST3("BlockEdges", block_size=BLOCK)
    for sizes in ([1] * 40, [5000], [BLOCK - 1, 2]):
        assert np.array_equal(through(isolated, audio, sizes), whole)


@pytest.mark.parametrize("isolated", [True, False])
def test_nothing_learned_leaks_from_one_recording_into_the_next(scanned, isolated):
    """Nor does the noise that pedalboard plays into a plugin when it loads it."""
    scanned("Learns")
    plugin = VST3("Learns", block_size=BLOCK, isolated=isolated)
    first = through(plugin, recording(seed=1))
    through(plugin, 5 * recording(seed=2))
    assert np.array_equal(through(plugin, recording(seed=1)), first)
    begin = recording(seed=1)[:, :1]
    assert np.array_equal(first[:, :1], begin), "it heard something before the recording"


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_each_channel_has_a_mono_plugin_of_its_own(scanned, channels):
    scanned("Mono")
    audio = recording(1.0, channels)
    plugin = VST3("Mono", block_size=BLOCK, gain_db=6.0)
    expected = np.float32(10**0.3) * audio
    assert np.abs(through(plugin, audio) - expected).max() < 1e-7


def test_a_mono_recording_goes_through_both_sides_of_a_stereo_plugin(scanned):
    scanned("CrashesInMono")  # when it was tried out, so that it is never fed with one channel again
    audio = recording(0.5, 1)
    assert np.array_equal(through(VST3("CrashesInMono", block_size=BLOCK), audio), audio)


def test_what_no_channels_fit_is_refused_clearly(scanned):
    scanned("CrashesInMono")
    with pytest.raises(PluginError, match="CrashesInMono cannot be fed with 6 channels: .*, before the rec"):
        VST3("CrashesInMono").stream(RATE, 6)


def test_more_channels_than_a_plugin_takes_go_one_by_one(scanned):
    scanned("Good")
    audio = recording(0.5, 6)
    assert np.array_equal(through(VST3("Good", block_size=BLOCK), audio), audio)


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("CrashesLater", WorkerCrashedError, r"CrashesLater crashed \(SIGSEGV\), at 0:09\.[89]"),
        ("Exits", WorkerCrashedError, r"Exits ended its process with exit code 0, at 0:02\.[89]"),
        ("WritesOutside", WorkerCrashedError, r"WritesOutside crashed \(SIG[A-Z]+\), at 0:02\.[89]"),
        ("Hangs", WorkerTimedOutError, r"Hangs gave no answer within 1 s and was ended, at 0:02\.[89]"),
        (
            "ReturnsGarbage",
            PluginError,
            r"ReturnsGarbage gave a peak of \+2[0-9.]+ dBFS at sample \d+ of channel [12] "
            r"\(0:02\.9\d+\); more than \+40 dBFS is taken for no sound",
        ),
        ("ReturnsNan", PluginError, r"ReturnsNan gave nan at sample \d+ of channel 1 \(0:02\.[89]\d+\)"),
        (
            "ChangesLatency",
            PluginError,
            r"ChangesLatency changed its latency from 0 to 480 .*, at 0:02\.[89]",
        ),
    ],
)
def test_a_fault_is_one_clear_error_with_its_time(scanned, name, kind, message):
    scanned(name)
    plugin = VST3(name, block_size=BLOCK, timeout_s=1)
    stream = plugin.stream(RATE, 2)
    with pytest.raises(kind, match=message) as caught:
        stream.step(recording(12.0))
    assert "\n" not in str(caught.value)
    with pytest.raises(PluginError):  # and it stays an error
        stream.step(recording(12.0))


@pytest.mark.parametrize("isolated", [True, False])
def test_what_is_loud_because_the_recording_is_passes(scanned, isolated):
    """Floats may hold integers' values: +90 dBFS in is no reason to refuse +96 out."""
    scanned("Good")
    audio = 3e5 * recording(1.0)
    loud = VST3("Good", block_size=BLOCK, isolated=isolated, gain_db=6.0)
    assert np.abs(through(loud, audio) / (10**0.3 * audio) - 1).max() < 1e-5
    too_loud = VST3("Good", block_size=BLOCK, isolated=isolated, gain_db=24.0)
    with pytest.raises(PluginError, match=r"a peak of \+42\.0 dBFS at sample 9 of channel 2 \(0:00\.001\)"):
        chain = Chain([too_loud, VST3("Good", block_size=BLOCK, isolated=isolated, gain_db=24.0)])
        quiet = np.zeros((2, 300))
        quiet[1, 9] = 0.5
        chain(quiet, RATE)


def test_bad_samples_are_refused_before_the_plugin_sees_them(scanned):
    scanned("Good")
    stream = VST3("Good").stream(RATE, 1)
    with pytest.raises(AudioValueError, match="sample 3"):
        stream.step(np.array([[0, 0, 0, np.nan]]))


def test_moved_parameters_are_heard_without_a_new_stream(scanned, opened):
    scanned("Good")
    plugin = VST3("Good", block_size=BLOCK)
    audio = recording(1.0)[:, : 20 * BLOCK]
    first = plugin.process(audio[:, : 10 * BLOCK], RATE, reset=False)
    plugin.gain_db = 6.0
    second = plugin.process(audio[:, 10 * BLOCK :], RATE, reset=False)
    assert len(opened) == 1
    assert np.array_equal(first, audio[:, : 10 * BLOCK])
    assert np.abs(second[:, BLOCK:] - np.float32(10**0.3) * audio[:, 11 * BLOCK :]).max() < 1e-7
    plugin.state = VST3("Good").state  # another state is another stream
    third = plugin.process(audio, RATE, reset=False)
    assert len(opened) == 2
    assert np.array_equal(third, audio)
