"""Chains: a list like a Pedalboard, aligned, and independent of the partition into blocks."""

import copy
import multiprocessing
import pickle
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pedalboard
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend import Preset, load_preset
from wavemend.errors import NotLearned, ParameterError, PluginError
from wavemend.host.chain.chain import Chain
from wavemend.host.chain.slot import Slot
from wavemend.host.presets.preset import preset_to_json
from wavemend.plugins.dc_offset import DcOffset
from wavemend.plugins.rumble import Rumble

RATE = 44_100


def recording(seconds=1.0, channels=2, seed=0):
    rng = np.random.default_rng(seed)
    return 0.1 * rng.standard_normal((channels, int(seconds * RATE))) + 0.02


def in_blocks(chain, audio, sizes):
    """Stream `audio` and then silence until all of it came out."""
    out, position = [], 0
    for size in sizes:
        out.append(chain.process(audio[:, position : position + size], RATE, reset=False))
        position += size
    assert position == audio.shape[1]
    while sum(part.shape[1] for part in out) < audio.shape[1]:
        out.append(chain.process(np.zeros((audio.shape[0], 8192)), RATE, reset=False))
    return np.concatenate(out, axis=1)[:, : audio.shape[1]]


def test_an_empty_chain_changes_nothing():
    audio = recording()
    for chain in (
        Chain(),
        Chain([None]),
        Chain([Slot(Rumble(), bypass=True)]),
        Chain([Slot(Rumble(), mix=0)]),
    ):
        assert np.array_equal(chain(audio, RATE), audio)


def test_behaves_like_a_list():
    rumble, offset, gain = Rumble(), DcOffset(), pedalboard.Gain(3)
    chain = Chain([rumble, None])
    chain.append(gain)
    chain.insert(0, offset)
    assert list(chain) == [offset, rumble, None, gain]
    assert chain[1] is rumble and chain[-1] is gain
    assert list(chain[1:3]) == [rumble, None] and isinstance(chain[1:3], Chain)
    del chain[2]
    chain[0] = Slot(DcOffset(), mix=0.5)
    assert len(chain) == 3 and chain.slots[0].mix == 0.5
    chain.remove(gain)
    assert gain not in chain
    chain[:] = [rumble]
    assert list(chain) == [rumble]
    assert "Rumble" in repr(chain)
    assert chain == Chain([Rumble()]) and chain != Chain([Rumble(cutoff_hz=50)])


@pytest.mark.parametrize("stranger", [lambda x: x, 3, "gain", object(), pedalboard.Gain])
def test_refuses_what_is_no_plugin(stranger):
    with pytest.raises(PluginError, match="cannot sit in a chain"):
        Chain([stranger])


def test_refuses_one_native_object_in_two_places_and_stays_as_it_was():
    gain = pedalboard.Gain()
    chain = Chain([gain])
    with pytest.raises(PluginError, match="two places"):
        chain.append(Chain([gain]))
    assert len(chain) == 1


def test_a_chain_cannot_hold_itself():
    chain = Chain([Rumble()])
    with pytest.raises(PluginError, match="cannot hold itself"):
        chain.append(Chain([chain]))
    assert len(chain) == 1


@pytest.mark.parametrize("mix", [-0.1, 1.1, float("nan"), "1", True, None])
def test_refuses_a_bad_mix(mix):
    with pytest.raises(ParameterError, match="mix"):
        Slot(Rumble(), mix=mix)


def test_stock_effects_sound_as_in_a_pedalboard():
    audio = recording().astype(np.float32)
    make = lambda: [pedalboard.HighShelfFilter(3000, -4), pedalboard.BrickwallLimiter(-20)]  # noqa: E731
    board = pedalboard.Pedalboard(make())
    expected = board(audio, RATE)
    assert np.array_equal(Chain(make())(audio, RATE), expected)
    assert np.array_equal(Chain([pedalboard.Pedalboard(make())])(audio, RATE), expected)
    assert np.array_equal(Chain([Chain(make()[:1]), make()[1]])(audio, RATE), expected)


def test_dry_is_aligned_with_a_member_that_delays():
    audio = recording().astype(np.float32).astype(np.float64)
    quiet = Chain([Slot(pedalboard.BrickwallLimiter(ceiling_db=0, lookahead_ms=20), mix=0.5)])
    assert np.abs(quiet(audio, RATE) - audio).max() < 1e-7  # two aligned copies: no comb filter


def test_output_is_as_long_as_the_input():
    chain = Chain([Rumble(), pedalboard.BrickwallLimiter()])
    for length in (0, 1, 2, 219, 220, 221, 8191, 8192, 8193):
        assert chain(np.zeros(length), RATE).shape == (length,)


@given(st.data())
def test_any_partition_gives_the_same_bits(data):
    audio = recording(0.5)
    learned = DcOffset()
    learned.learn(audio, RATE)
    chain = Chain([learned, Chain([Rumble()]), Slot(pedalboard.BrickwallLimiter(-12), mix=0.7)])
    whole = chain(audio, RATE)
    sizes, left = [64], audio.shape[1] - 64  # a first block of one sample would be one channel of two
    while left:
        sizes.append(min(left, data.draw(st.sampled_from([1, 64, 65, 441, 8192, 8193, 5000]))))
        left -= sizes[-1]
        if len(sizes) > 40:
            sizes.append(left)
            break
    chain.reset()
    assert np.array_equal(in_blocks(chain, audio, [s for s in sizes if s]), whole)


def test_small_blocks_then_large_ones_do_not_reset_native_members():
    audio = recording(1.0).astype(np.float32)
    expected = pedalboard.HighpassFilter(200).process(audio, RATE)
    chain = Chain([pedalboard.HighpassFilter(200)])
    sizes = [64] * 10 + [8192] + [20_000]
    assert np.array_equal(in_blocks(chain, audio, [*sizes, audio.shape[1] - sum(sizes)]), expected)


def test_each_stage_hears_what_stands_before_it():
    audio = recording(2.0)
    chain = Chain([pedalboard.Gain(6), DcOffset(), Chain([pedalboard.Gain(6), DcOffset()])])
    out = chain(audio, RATE)
    assert np.abs(out.mean(axis=1)).max() < 1e-6
    by_hand = audio.astype(np.float32)
    for member in (pedalboard.Gain(6), DcOffset(), pedalboard.Gain(6), DcOffset()):
        by_hand = member(by_hand, RATE)
    assert np.abs(out - by_hand).max() < 1e-6


def test_nested_learners_hear_the_nested_members_before_them():
    audio = recording(2.0)
    nested = Chain(
        [Rumble(cutoff_hz=100), Slot(Chain([pedalboard.Gain(3), DcOffset()]), mix=0.5), DcOffset()]
    )
    flat = Chain([Rumble(cutoff_hz=100), Slot(Chain([pedalboard.Gain(3), DcOffset()]), mix=0.5), DcOffset()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.array_equal(Chain([nested])(audio, RATE), flat(audio, RATE))


def test_streaming_needs_what_a_stage_must_have_heard():
    with pytest.raises(NotLearned, match="learn"):
        Chain([DcOffset()]).process(recording(), RATE, reset=False)


def test_nothing_is_carried_from_one_recording_into_the_next():
    first, second = recording(seed=1) * 5, recording(seed=2)
    chain = Chain([DcOffset(), Rumble(), pedalboard.Compressor(-30, 4)])
    chain(first, RATE)
    after = chain(second, RATE)
    fresh = Chain([DcOffset(), Rumble(), pedalboard.Compressor(-30, 4)])
    assert np.array_equal(after, fresh(second, RATE))


def test_removed_is_what_the_repair_stages_took_and_nothing_else():
    audio = recording(1.0)
    offset = DcOffset()
    offset.learn(audio, RATE)
    chain = Chain([offset, pedalboard.Gain(0), Slot(Chain([Rumble()]), mix=0.5)])
    stream = chain.stream(RATE, 2)
    out, removed = stream.step(audio), stream.removed()
    tail = stream.flush()
    removed = np.concatenate([removed, stream.removed()], axis=1)
    assert np.concatenate([out, tail], axis=1).shape == removed.shape == audio.shape
    expected = np.broadcast_to(offset.findings.mean[:, None], audio.shape)
    assert np.abs(removed - expected).max() < 1e-15


def test_changed_settings_are_heard_in_the_next_block():
    audio = recording(1.0)
    chain = Chain([Slot(pedalboard.Gain(0)), Rumble()])
    chain.process(audio[:, :8192], RATE, reset=False)
    chain.slots[0].mix = 0.0
    chain[1].cutoff_hz = 100.0  # restarts the stream
    out = chain.process(audio, RATE, reset=False)
    assert np.array_equal(out, Rumble(cutoff_hz=100)(audio, RATE)[:, : out.shape[1]])


@pytest.mark.parametrize(
    ("members", "reasons"),
    [
        ([DcOffset(), Rumble(), pedalboard.HighShelfFilter(), pedalboard.Limiter()], []),
        ([Rumble(), DcOffset()], ["DcOffset should come before Rumble"]),
        ([pedalboard.Limiter(), pedalboard.PeakFilter()], ["PeakFilter should come before .*ceiling"]),
        ([Chain([pedalboard.Pedalboard([pedalboard.Limiter()])]), Rumble()], ["Rumble should come before"]),
        ([Slot(pedalboard.Limiter(), bypass=True), Rumble()], []),
        ([pedalboard.Reverb(), Rumble()], []),
    ],
)
def test_warns_where_the_order_is_harmful(members, reasons):
    chain = Chain([copy.copy(m) if isinstance(m, Rumble | DcOffset) else m for m in members])
    found = chain.warnings()
    assert len(found) == len(reasons)
    if reasons:
        with pytest.warns(UserWarning, match=reasons[0]):
            chain(recording(0.2), RATE)


def test_channels_and_rates_of_archives():
    for channels in (1, 3, 8):
        for rate in (8000, 96_000, 192_000):
            audio = 0.1 * np.random.default_rng(0).standard_normal((channels, 3000))
            out = Chain([DcOffset(), Rumble(), pedalboard.BrickwallLimiter()])(audio, rate)
            assert out.shape == audio.shape and np.isfinite(out).all()


def every_kind():
    """Make a chain with a member of every kind that is copied."""
    learned = DcOffset()
    learned.learn(recording(), RATE)
    board = pedalboard.Pedalboard([pedalboard.Gain(2), pedalboard.Pedalboard([pedalboard.Delay(0.01)])])
    mix = pedalboard.Mix([pedalboard.Gain(-6), pedalboard.Chain([pedalboard.Invert(), pedalboard.Gain(-9)])])
    return Chain(
        [
            learned,
            Slot(pedalboard.LadderFilter(pedalboard.LadderFilter.HPF12, 40), mix=0.7),
            Chain([pedalboard.PeakFilter(300, -2), Slot(pedalboard.Compressor(-12.3, 4), bypass=True)]),
            board,
            mix,
            None,
        ]
    )


WAYS_TO_COPY = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda chain: pickle.loads(pickle.dumps(chain)),
    "preset": lambda chain: Preset("", "", chain).new_chain(),
}


@pytest.mark.parametrize("way", WAYS_TO_COPY)
def test_a_copy_sounds_the_same_and_shares_nothing(way):
    chain, audio = every_kind(), recording(0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = chain(audio, RATE)
        twin = WAYS_TO_COPY[way](chain)
        assert np.array_equal(twin(audio, RATE), expected)
        assert twin[0] == chain[0] and twin[0].findings == chain[0].findings
        twin[0].findings = None
        twin[1].drive = 9
        twin.slots[2].mix = 0.1
        twin[2][0].gain_db = 12
        twin[2].slots[1].bypass = False
        twin[3][0].gain_db = 20
        twin[3][1][0].mix = 0.9
        twin[4][0].gain_db = 20
        twin[2].append(Rumble())
        del twin[5]
        assert np.array_equal(chain(audio, RATE), expected)
        assert np.array_equal(WAYS_TO_COPY[way](chain)(audio, RATE), expected)


def test_two_chains_of_one_preset_share_nothing():
    preset = load_preset("vinyl")
    first, second = preset.new_chain(), preset.new_chain()
    first[0].sensitivity = 9
    first.slots[0].bypass = True
    first[-1].ceiling_db = -12
    assert preset_to_json(preset) == preset_to_json(load_preset("vinyl"))
    assert second[0].sensitivity != 9 and not second.slots[0].bypass
    assert load_preset("vinyl").chain[0].sensitivity != 9


@pytest.mark.parametrize("part", [lambda c: c[0:2], copy.copy])
def test_a_part_has_the_same_members_in_slots_of_its_own(part):
    chain = Chain([Rumble(), Slot(pedalboard.Gain(3), mix=0.5)])
    taken = part(chain)
    assert taken[0] is chain[0] and taken[1] is chain[1] and taken.slots[1].mix == 0.5
    taken.slots[0].bypass = True
    taken.slots[1].mix = 1.0
    taken.append(None)
    assert not chain.slots[0].bypass and chain.slots[1].mix == 0.5 and len(chain) == 2


def test_a_copy_does_not_go_on_with_the_stream_of_its_original():
    chain, audio = Chain([Rumble()]), recording(0.2)
    chain.process(audio, RATE, reset=False)
    assert copy.deepcopy(chain).flush().size == 0


def test_a_convolution_is_copied_where_pedalboard_says_from_what(tmp_path):
    response = np.array([[1.0, 0.5]], np.float32)
    with pedalboard.io.AudioFile(str(tmp_path / "room.wav"), "w", RATE, 1) as file:
        file.write(response)
    chain, audio = Chain([pedalboard.Convolution(str(tmp_path / "room.wav"), 0.5)]), recording(0.2)
    assert np.array_equal(copy.deepcopy(chain)(audio, RATE), chain(audio, RATE))
    with pytest.raises(PluginError, match=r"pedalboard.Convolution can be neither copied nor pickled"):
        copy.deepcopy(Chain([pedalboard.Convolution(response, 0.5, RATE)]))


@pytest.mark.whole
def test_chains_go_to_other_processes():
    chain, audio = Chain([Rumble(), pedalboard.Compressor(-30, 4)]), recording(0.2)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert np.array_equal(pool.submit(chain, audio, RATE).result(), chain(audio, RATE))


def test_a_pedalboard_becomes_a_chain_of_the_same_effects():
    inner = pedalboard.Pedalboard([pedalboard.Gain(2), pedalboard.Delay(0.01)])
    board = pedalboard.Pedalboard([pedalboard.HighpassFilter(40), inner, pedalboard.Limiter(-20)])
    chain = Chain.from_pedalboard(board)
    assert [type(m).__name__ for m in chain] == ["HighpassFilter", "Chain", "Limiter"]
    assert isinstance(chain[1], Chain) and chain[0] is board[0] and chain[1][1] is board[1][1]
    audio = recording(0.5).astype(np.float32)
    assert np.array_equal(chain(audio, RATE), board(audio, RATE))
    chain.insert(0, Rumble())
    chain(audio, RATE)


@pytest.mark.parametrize("stranger", [Rumble(), [pedalboard.Gain()], Chain(), pedalboard.Gain(), None])
def test_only_a_pedalboard_is_taken_for_one(stranger):
    with pytest.raises(PluginError, match=r"is no Pedalboard; for .* use Chain\(\[\.\.\.\]\)"):
        Chain.from_pedalboard(stranger)


@pytest.mark.parametrize("make", [Rumble, lambda: Chain([Rumble(), pedalboard.BrickwallLimiter(-20)])])
@pytest.mark.parametrize("shape", ["planar", "interleaved", "mono"])
def test_flush_gives_the_tail_of_a_stream_and_ends_it(make, shape):
    audio = recording(0.5).astype(np.float32)
    axis = {"planar": 1, "interleaved": 0, "mono": 0}[shape]
    audio = {"planar": audio, "interleaved": audio.T, "mono": audio[0]}[shape]
    member = make()
    expected = make()(audio, RATE)
    for _ in range(2):  # the second stream knows nothing of the first
        blocks = np.split(audio, range(5000, audio.shape[axis], 5000), axis=axis)
        out = [member.process(block, RATE, reset=False) for block in blocks]
        tail = member.flush()
        assert tail.dtype == np.float32 and tail.ndim == audio.ndim
        assert np.array_equal(np.concatenate([*out, tail], axis=axis), expected)
    assert member.flush().shape == (0,)
