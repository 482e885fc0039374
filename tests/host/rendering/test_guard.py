"""The guard: every render says where it harmed; with --guard it is eased just there, cross-faded."""

import json
from itertools import pairwise

import numpy as np
import pedalboard
import pytest
import soundfile
from wavemend import Chain, Slot, render
from wavemend.contract.parameters.number import number
from wavemend.contract.stage import Framing, Processor, RepairStage, Step
from wavemend.host.chain.sources import ArraySource
from wavemend.host.recording.document import Span
from wavemend.host.rendering.doubts import Doubts
from wavemend.host.rendering.guard import EASING, Easing, Judged, gentle_chain, spans_of
from wavemend.plugins.dc_offset import DcOffset
from wavemend.plugins.declick import Declick
from wavemend.plugins.denoise import Denoise

from tests.host.recordings import RATE, write

SECONDS = 6


class _Dip(Processor):
    def __init__(self):
        self._position = 0

    def step(self, frame, sink):
        at = np.arange(self._position, self._position + frame.shape[1])
        self._position += frame.shape[1]
        dipped = (at > 3 * RATE) & (at < 3.5 * RATE)
        return np.where(dipped, frame * (1 - 0.009 * self.settings.depth), frame)


class Dip(RepairStage):
    """Take most of half a second: a repair that harms there and nowhere else."""

    id = "test.dip"
    name = "Dip"
    version = 1
    place = Step.BROADBAND

    depth: float = number(default=100.0, low=0.0, high=100.0, role="strength", doc="How much.")

    def framing(self, sample_rate):
        return Framing(hop=256)

    def processor(self, sample_rate, channels, findings):
        return _Dip()


def program():
    draw = np.random.default_rng(3)
    at = np.arange(SECONDS * RATE) / RATE
    pitch = 220 * 2 ** (np.floor(at / 0.5) / 7)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    tone = 0.2 * np.exp(-(at % 0.5)) * (np.sin(phase) + np.sin(2 * phase) + 0.3 * np.sin(5 * phase))
    return np.stack([tone, 0.5 * tone]) + 1e-4 * draw.standard_normal((2, at.size))


def samples(path):
    return soundfile.read(path, always_2d=True)[0].T


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guard")
    write(folder / "a.wav", program(), "PCM_24")
    return folder


def test_a_render_says_what_it_harmed_in_report_and_labels(place):
    done = render(Chain([Dip()]), place / "a.wav", place / "said.wav", labels=True)
    assert done.eased == [] and done.warnings == []
    assert all(2.5 * RATE < one.position < 4.1 * RATE for one in done.artifacts)
    assert {one.channel for one in done.artifacts} == {0, 1}
    report = json.loads(done.report.read_text())
    assert sum(report["artifacts"]["counts"].values()) == len(done.artifacts)
    assert report["artifacts"]["worst"][0]["kind"] in {one.kind for one in done.artifacts}
    assert len(report["artifacts"]["worst"]) <= 3 and "guard" not in report
    labels = done.labels_file.read_text().splitlines()
    assert len(labels) == len(done.artifacts) and "channel 1" in labels[0]


@pytest.mark.parametrize("effects", [[], [pedalboard.Gain(-3.0)]])
def test_the_guard_eases_there_and_is_the_same_to_the_bit_elsewhere(place, tmp_path, effects):
    def chain():
        return Chain([Dip(), *effects])

    full = render(chain(), place / "a.wav", tmp_path / "full.wav", removed=True)
    done = render(chain(), place / "a.wav", tmp_path / "b.wav", removed=True, guard=True)
    (span,) = done.eased
    assert span.position <= 3 * RATE + 1000 and span.stop >= 3.5 * RATE
    original, before, after = (samples(path) for path in (place / "a.wav", full.output, done.output))
    fade = RATE // 4 + 2
    first, last = span.position - fade, span.stop + fade
    assert np.array_equal(before[:, :first], after[:, :first])
    assert np.array_equal(before[:, last:], after[:, last:])
    inside = slice(3 * RATE + 500, 7 * RATE // 2 - 500)
    scale = 10 ** (-3 / 20) if effects else 1.0
    kept = scale * original[:, inside] * (1 - 0.009 * EASING)
    assert np.abs(after[:, inside] - kept).max() < 1e-5
    assert f"the guard eased strengths to {EASING:.0f} % at 0:0" in done.warnings[-1]
    report = json.loads(done.report.read_text())
    assert report["guard"]["spans"] == [vars(span)]
    if not effects:
        assert report["restored_plus_removed_is_original"]


def test_nothing_found_is_the_same_render_and_blocks_do_not_count(place, tmp_path):
    plain = render(Chain([DcOffset()]), place / "a.wav", tmp_path / "plain.wav")
    done = render(Chain([DcOffset()]), place / "a.wav", tmp_path / "done.wav", guard=True)
    assert plain.output.read_bytes() == done.output.read_bytes() and done.eased == []
    first = render(Chain([Dip()]), place / "a.wav", tmp_path / "1" / "b.wav", guard=True, labels=True)
    other = render(
        Chain([Dip()]),
        place / "a.wav",
        tmp_path / "2" / "b.wav",
        guard=True,
        labels=True,
        block_size=1234,
        jobs=2,
    )
    for one in ("output", "report", "labels_file"):
        assert getattr(first, one).read_bytes() == getattr(other, one).read_bytes()


def test_progress_goes_on_and_nothing_is_left_behind(place, tmp_path):
    shares = []
    render(
        Chain([Dip()]), place / "a.wav", tmp_path / "b.wav", guard=True,
        progress=lambda share, doing: shares.append(share) if doing == "restoring" else None,
    )  # fmt: skip
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(set(shares)) > 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.wav", "b.wav.report.json"]


def test_a_gentle_chain_eases_strengths_and_leaves_out_what_has_none():
    chain = Chain(
        [Slot(DcOffset(), mix=0.5), Denoise(reduction_db=40.0), Chain([DcOffset()]), pedalboard.Gain(1.0)]
    )
    gentle = gentle_chain(chain)
    assert [slot.bypass for slot in gentle.slots] == [True, False, False, False]
    assert gentle[1].reduction_db == 0.4 * EASING and gentle[2].slots[0].bypass and gentle[3] is chain[3]
    assert chain[1].reduction_db == 40.0 and not any(slot.bypass for slot in chain.slots)
    assert not chain[2].slots[0].bypass


def test_what_lies_outside_the_kept_part_is_not_told():
    audio = program()
    judged = Judged(Chain([]), RATE, 2)
    judged.begin()
    judged.hear(audio, 0.1 * audio)
    judged.end(Span(0, RATE))
    assert judged.artifacts and all(one.position < RATE for one in judged.artifacts)


def test_fades_rise_and_fall_around_joined_spans():
    class _At:
        def __init__(self, position, stop):
            self.position, self.stop, self.length = position, stop, stop - position

    spans = spans_of([_At(500, 600), _At(0, 10), _At(550, 700), _At(700, 710)])
    assert spans == [Span(0, 10), Span(500, 210)]
    easing = Easing([Span(100, 50)], 20, ArraySource(np.zeros((1, 300))))
    share = easing.share(0, 300)
    assert (share[100:150] == 1).all() and (share[:81] == 0).all() and (share[170:] == 0).all()
    assert (np.diff(share[80:101]) > 0).all() and (np.diff(share[149:170]) < 0).all()
    assert easing.share(0, 70) is None
    pieces = [easing.share(at, 7) for at in range(0, 300, 7)]
    joined = np.concatenate([np.zeros(7) if one is None else one for one in pieces])[:300]
    assert np.array_equal(joined, share)


@pytest.fixture
def doubts(monkeypatch):
    """Return what was done to `Doubts`, in order."""
    done = []
    for name in ("begin", "tell", "hear", "end"):
        real = getattr(Doubts, name)

        def noted(self, *given, name=name, real=real):
            done.append(name)
            return real(self, *given)

        monkeypatch.setattr(Doubts, name, noted)
    return done


def clicked(folder):
    audio = program()
    for second in range(1, SECONDS):
        audio[:, second * RATE : second * RATE + 3] += [0.5, -0.6, 0.4]
    write(folder / "clicked.wav", audio, "PCM_24")
    return folder / "clicked.wav"


def test_the_guard_judges_clicks_of_the_last_pass_and_the_report_counts_them_once(tmp_path, doubts):
    source = clicked(tmp_path)
    plain = render(Chain([Declick()]), source, tmp_path / "plain.wav")
    doubts.clear()
    done = render(Chain([Declick()]), source, tmp_path / "done.wav", guard=True)
    assert "tell" in doubts[: doubts.index("end")]  # in the run that says where it is eased
    assert sum(plain.events.values()) >= SECONDS - 1
    assert done.events == plain.events


def test_a_pass_that_only_looks_for_its_peak_is_not_judged(tmp_path, doubts):
    done = render(Chain([Declick(), pedalboard.Gain(12.0)]), clicked(tmp_path), tmp_path / "done.wav")
    assert done.headroom_gain < 1.0 and doubts.count("begin") == 2  # passed full scale, and ran again
    assert all(pair != ("begin", "end") for pair in pairwise(doubts))
    assert doubts[-1] == "end"
