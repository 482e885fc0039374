"""One run of an effect's sound: the same bits however it is cut, no clicks whatever is moved."""

from __future__ import annotations

import numpy as np
import pytest
import wavemend
from wavemend.authoring import Framing, Processor, Stage, Step, number, switch
from wavemend.errors import AudioFileError, PluginError
from wavemend.host.chain.chain import Chain
from wavemend.host.chain.slot import Slot
from wavemend.host.chain.sources import ArraySource
from wavemend.host.export.controls import controls_of
from wavemend.host.export.latency import delay_of
from wavemend.host.export.player import Player
from wavemend.host.export.rack import Rack
from wavemend.host.export.session import Ear, Session
from wavemend.host.export.state import Learned

from .shell_double import blocks_of

RATE = 44_100
CUTS = [[512], [64], [8192], [1, 700, 0, 64, 8192]]


def recording(seconds: float = 3.0, channels: int = 2):
    rng = np.random.default_rng(1)
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 0.1 * np.sin(2 * np.pi * 440 * time) * (np.sin(2 * np.pi * 0.8 * time) > 0)
    audio = tone + 0.003 * rng.normal(size=(channels, time.size))
    audio[:, 5000::7001] += 0.4
    return audio


class Delayed(Stage):
    """Gives back what it hears, some samples late, with a gain that starts from nothing at a change."""

    id = "tests.delayed"
    name = "Delayed"
    place = Step.EQ

    gain: float = number(default=1.0, low=0.0, high=2.0, doc="Factor.")
    inverted: bool = switch(default=False, restart=True, doc="Turned upside down.")

    def framing(self, sample_rate: float) -> Framing:
        return Framing(hop=256, latency=300)

    def processor(self, sample_rate: float, channels: int, findings: object) -> Processor:
        return _Late(channels, -1.0 if self.inverted else 1.0)


class _Late(Processor):
    def __init__(self, channels: int, sign: float) -> None:
        self._held, self._sign = np.zeros((channels, 300)), sign

    def step(self, frame, sink):
        heard = np.concatenate([self._held, frame], axis=1)
        self._held = heard[:, frame.shape[1] :]
        return self._sign * self.settings.gain * heard[:, : frame.shape[1]]


def session_of(chain: Chain, *, learned: Learned | None = None, ear: Ear | None = None, channels: int = 2):
    rack = Rack(chain)
    if learned:
        rack.take(learned)
    held_back = delay_of(chain, RATE).held_back
    said: list[str] = []
    session = Session(rack, ear or Ear(), RATE, channels, held_back=held_back, tell=said.append)
    return session, rack, said


def played(session: Session, audio, sizes=(512,)):
    return np.concatenate(
        [session.step(block, strict=True) for block in blocks_of(audio, list(sizes))], axis=1
    )


def find(rack: Rack, title: str) -> int:
    return next(number for number, control in rack.controls.items() if control.title == title)


def learned_from(chain: Chain, audio) -> Learned:
    return Learned(Rack(chain).listener()(ArraySource(audio.copy()), RATE), audio.shape[1] / RATE)


@pytest.mark.parametrize(
    "make", [lambda: Chain([wavemend.Declick()]), lambda: Chain([wavemend.Rumble(), wavemend.Denoise()])]
)
def test_any_cut_gives_the_bits_of_a_rendering(make):
    audio = recording()
    learned = learned_from(make(), audio)
    silence = np.zeros((2, delay_of(make(), RATE).reported))
    whole = Rack(make())
    whole.take(learned)
    fed = np.concatenate([audio, silence], axis=1)
    rendered = whole.sounding(RATE, 2).process(fed, RATE)[:, : audio.shape[1]]
    for sizes in CUTS:
        session, _, _ = session_of(make(), learned=learned)
        np.testing.assert_array_equal(played(session, fed, sizes)[:, : audio.shape[1]], rendered)


def test_no_more_is_held_back_than_was_promised():
    chain = Chain([wavemend.Declick(), wavemend.Rumble(), Slot(wavemend.Decrackle(), bypass=True)])
    held_back = delay_of(chain, RATE).held_back
    session, rack, _ = session_of(chain)
    fed = given = 0
    for turn, block in enumerate(blocks_of(recording(4.0), [1000])):
        if turn in (40, 41, 90):
            session.move(find(rack, "Decrackle bypass"), turn % 2)
            session.move(find(rack, "Declick max length"), turn / 100)
        fed += block.shape[1]
        given += session.step(block, strict=True).shape[1]
        assert given >= fed - held_back


def test_a_parameter_that_restarts_is_faded_in_where_it_was_moved():
    audio = np.ones((1, RATE))
    session, rack, _ = session_of(Chain([Delayed()]), channels=1)
    at = RATE // 2
    first = played(session, audio[:, :at])
    session.move(find(rack, "Inverted"), 1.0)
    assert not session.restarting or first.shape[1] < at
    out = np.concatenate([first, played(session, audio[:, at:])], axis=1)[0]
    fade = round(0.02 * RATE)
    assert (out[:at] == 1).all() and (out[at + fade :] == -1).all()
    assert (np.diff(out[at - 1 : at + fade + 1]) < 0).all() and np.abs(np.diff(out)).max() < 3 / fade
    assert not session.restarting


def test_a_parameter_that_streams_follow_is_there_at_the_next_frame():
    session, rack, _ = session_of(Chain([Delayed()]), channels=1)
    first = played(session, np.ones((1, 5000)))
    session.move(find(rack, "Gain"), 0.25)
    assert not session.restarting
    out = np.concatenate([first, played(session, np.ones((1, 5000)))], axis=1)[0]
    assert set(out) == {1.0, 0.5} and np.argmax(out == 0.5) == 19 * 256 - 300


def test_what_is_moved_before_the_first_sample_is_there_from_it_on():
    audio = recording(1.0)
    session, rack, _ = session_of(Chain([wavemend.Rumble()]))
    session.move(find(rack, "Cutoff"), 1.0)
    expected = Chain([wavemend.Rumble(cutoff_hz=300)]).process(audio, RATE)
    out = played(session, audio)
    np.testing.assert_array_equal(out, expected[:, : out.shape[1]])


def test_a_filter_has_settled_when_it_is_faded_in():
    """Without what it heard before, a high-pass filter would begin with a step."""
    audio = np.full((1, 3 * RATE), 0.5)
    session, rack, _ = session_of(Chain([wavemend.Rumble()]), channels=1)
    first = played(session, audio[:, :RATE])
    session.move(find(rack, "Cutoff"), 0.5)
    out = np.concatenate([first, played(session, audio[:, RATE:])], axis=1)
    assert np.abs(out[:, RATE:]).max() < 1e-3


@pytest.mark.parametrize("sizes", [[8192], [64], [1, 700, 3333]])
def test_what_sounds_does_not_depend_on_the_pieces_in_which_it_came(sizes):
    """How many samples there are at once goes by how fast the engine is, and by the host's blocks."""
    audio = recording(3.0)
    turned = {30_000: 0.5, 31_000: 1.0, 31_500: 0.8, 100_001: 0.2}

    def sound(sizes):
        session, rack, _ = session_of(Chain([wavemend.Rumble(), wavemend.Declick()]))
        ends, start, parts = [*turned, audio.shape[1]], 0, []
        for end in ends:
            parts += [session.step(block, strict=True) for block in blocks_of(audio[:, start:end], sizes)]
            if end in turned:
                session.move(find(rack, "Rumble cutoff"), turned[end])
            start = end
        return np.concatenate(parts, axis=1)

    np.testing.assert_array_equal(sound(sizes), sound([512]))


def test_a_knob_that_is_turned_opens_few_streams():
    opened = []
    player = Player(lambda: (opened.append(1), Chain([wavemend.Rumble()]))[1], RATE, 1, 5000)
    for _ in range(200):  # 2.3 s
        player.switch()
        player.prepare()
        player.step(np.zeros((1, 512)))
    assert 10 <= len(opened) <= 25


def test_settings_that_hold_back_more_than_was_promised_are_refused():
    with pytest.raises(PluginError, match="export it again"):
        Player(lambda: Chain([wavemend.Declick()]), RATE, 1, 100)


@pytest.mark.parametrize("strict", [False, True])
def test_live_goes_on_where_settings_cannot_be_followed_and_a_rendering_fails(strict):
    rack, told = Rack(Chain([wavemend.Declick()])), []
    held_back = wavemend.Declick().latency(RATE)
    session = Session(rack, Ear(), RATE, 1, held_back=held_back, tell=told.append)
    session.step(np.zeros((1, RATE)), strict=True)
    session.move(find(rack, "Max length"), 1.0)
    if strict:
        with pytest.raises(PluginError, match="export it again"):
            session.step(np.zeros((1, 512)), strict=True)
    else:
        assert session.step(np.zeros((1, RATE)), strict=False).shape[1] and "export it again" in told[-1]


# -- listening ---------------------------------------------------------------------------------------


def test_a_stage_that_has_to_listen_lets_the_sound_pass_and_says_so():
    audio = recording(1.0)
    session, _, said = session_of(Chain([wavemend.Denoise()]))
    np.testing.assert_array_equal(played(session, audio), audio)
    assert session.needs and said == [
        "Denoise has to listen first, and let the sound pass as it is: "
        "play the recording with Learn on, then turn it off"
    ]


def test_a_voice_is_denoised_live_with_nothing_learned():
    audio = recording(1.0)
    session, _, said = session_of(Chain([wavemend.VoiceDenoise(engine="live")]))
    found = played(session, audio)
    assert not session.needs and not said
    expected = wavemend.VoiceDenoise(engine="live").process(audio, RATE)
    np.testing.assert_array_equal(found, expected[:, : found.shape[1]])


def test_the_other_stages_of_a_chain_work_meanwhile():
    audio = recording(1.0)
    session, _, said = session_of(Chain([wavemend.Rumble(), wavemend.Denoise(), wavemend.DcOffset()]))
    expected = wavemend.Rumble().process(audio, RATE)
    out = played(session, audio)
    np.testing.assert_array_equal(out, expected[:, : out.shape[1]])
    assert said[0].startswith("Denoise and DC offset have to listen first")


def test_what_is_learned_is_what_an_analysis_of_the_same_stretch_finds():
    audio = recording()
    session, rack, said = session_of(Chain([wavemend.Denoise()]))
    session.learn(True)
    assert session.learning and not session.needs
    np.testing.assert_array_equal(played(session, audio), audio)  # passes meanwhile
    session.learn(False)
    learned = session.listen(wait_s=60)
    assert learned.findings == {(0,): wavemend.Denoise().analyse(audio, RATE)}
    assert learned.seconds == pytest.approx(3.0) and rack.learned is learned
    assert not session.learning and not session.needs and said[-1] == ""


def test_later_stages_listen_behind_earlier_ones():
    audio = recording()
    chain = Chain([wavemend.Declick(), wavemend.Denoise()])
    session, _, _ = session_of(chain)
    session.learn(True)
    played(session, audio)
    session.learn(False)
    learned = session.listen(wait_s=60)
    behind = wavemend.Declick().process(audio, RATE)
    assert learned.findings == {(1,): wavemend.Denoise().analyse(behind, RATE)}


def test_listening_goes_on_over_a_reset():
    audio, ear = recording(), Ear()
    session, rack, _ = session_of(Chain([wavemend.Denoise()]), ear=ear)
    session.learn(True)
    played(session, audio[:, :RATE])
    again = Session(rack, ear, RATE, 2, held_back=40_000, tell=lambda line: None)
    again.learn(True)
    played(again, audio[:, RATE:])
    again.learn(False)
    assert again.listen(wait_s=60).findings == {(0,): wavemend.Denoise().analyse(audio, RATE)}


def test_live_the_stages_think_beside_the_sound():
    session, _, _ = session_of(Chain([wavemend.Denoise()]))
    session.learn(True)
    played(session, recording())
    session.learn(False)
    learned = None
    while learned is None:
        played(session, recording(0.01))
        learned = session.listen(wait_s=0)
    assert learned.findings and not session.learning


def test_a_state_that_is_loaded_replaces_what_is_still_being_learned():
    learned = learned_from(Chain([wavemend.Denoise()]), recording(1.0))
    session, rack, _ = session_of(Chain([wavemend.Denoise()]))
    session.learn(True)
    played(session, recording())
    session.learn(False)
    session.take(learned)
    assert session.listen(wait_s=60) is None and rack.learned is learned and not session.learning


def test_learning_again_before_the_last_has_ended_replaces_it():
    audio = recording(2.0)
    session, _, _ = session_of(Chain([wavemend.Denoise()]))
    session.learn(True)
    played(session, recording(5.0))
    session.learn(False)
    session.learn(True)
    played(session, audio)
    session.learn(False)
    learned = session.listen(wait_s=60)
    assert learned.findings == {(0,): wavemend.Denoise().analyse(audio, RATE)}


def test_what_is_beyond_the_longest_is_not_heard_however_it_comes(monkeypatch):
    monkeypatch.setattr("wavemend.host.export.session.LONGEST_S", 1.0)
    for size in (8192, 800):
        session, _, _ = session_of(Chain([wavemend.Denoise()]))
        session.learn(True)
        played(session, recording(1.5), [size])
        session.learn(False)
        assert session.listen(wait_s=60).seconds == 1.0


def test_nothing_heard_is_nothing_learned():
    session, _, said = session_of(Chain([wavemend.Denoise()]))
    session.learn(True)
    session.learn(False)
    assert session.listen(wait_s=60) is None
    assert said[-1] == "nothing was learned: nothing was heard; play the recording while Learn is on"
    assert session.needs and not session.learning


def test_where_a_recording_cannot_be_kept_nothing_is_learned_and_the_sound_goes_on(monkeypatch):
    def full(*_):
        raise AudioFileError("no space left")

    session, _, said = session_of(Chain([wavemend.Denoise()]))
    session.learn(True)
    audio = recording(2.0)
    before = played(session, audio[:, :30_000])
    monkeypatch.setattr("wavemend.host.rendering.spool.FileSpool.write", full)
    after = played(session, audio[:, 30_000:])
    np.testing.assert_array_equal(np.concatenate([before, after], axis=1), audio)
    assert said[-1] == "nothing was learned: no space left"
    assert session.needs and not session.learning


def test_findings_of_other_channels_are_not_used():
    learned = learned_from(Chain([wavemend.Denoise()]), recording(channels=2))
    session, _, said = session_of(Chain([wavemend.Denoise()]), learned=learned, channels=1)
    audio = recording(1.0, channels=1)
    np.testing.assert_array_equal(played(session, audio), audio)
    assert session.needs and said


def test_findings_that_a_stage_was_exported_with_are_used():
    denoise = wavemend.Denoise()
    denoise.learn(recording(), RATE)
    session, _, said = session_of(Chain([denoise]))
    assert not session.needs and not said
    assert len(controls_of(Chain([denoise]))) == 5
