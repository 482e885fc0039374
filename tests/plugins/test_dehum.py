"""Dehum takes hum away, through drift and edits, and leaves everything else, notes at its frequencies too."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend import Dehum
from wavemend.analysis.hum.found import Hum
from wavemend.errors import FindingsError

RATE = 8000
SECONDS = 16
TIME = np.arange(SECONDS * RATE) / RATE


def found(frequency_hz=50.0, harmonics=(1, 2, 3, 5), level_dbfs=-46.0, channels=1):
    """Hum as the finder would give it."""
    number = np.array(harmonics)
    level = np.tile(level_dbfs - 20 * np.log10(number), (channels, 1))
    return Hum(frequency_hz, 0.02, number, level, 1.0, 0.9)


def hum(frequency_hz=50.0, harmonics=(1, 2, 3, 5), wander_hz=0.05, at=None, jump=0.0, gain=1.0):
    """Harmonics at 1/h of a wandering fundamental, -46 dBFS; at `at` s its phase and level jump."""
    phase = 2 * np.pi * (frequency_hz * TIME - wander_hz * 4 / (2 * np.pi) * np.cos(2 * np.pi * TIME / 4))
    level = 0.00709 * np.ones(TIME.size)
    if at is not None:
        phase = phase + jump * (at <= TIME)
        level = level * np.where(at <= TIME, gain, 1.0)
    return level * sum(np.sin(h * phase + h) / h for h in harmonics)[np.newaxis]


def noise(level_db=-70.0, seed=0):
    return 10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal((1, TIME.size))


def fall_db(before, after, begin=1.0, end=SECONDS - 1.0):
    part = slice(round(begin * RATE), round(end * RATE))
    return 10 * np.log10(np.sum(before[:, part] ** 2) / np.sum(after[:, part] ** 2))


def dehummed(audio, findings=None, **values):
    stage = Dehum(**values)
    stage.findings = findings or found()
    return stage.process(audio, RATE)


def test_hum_that_wanders_goes():
    assert fall_db(hum(), dehummed(hum() + noise()) - noise()) > 25


def test_the_finder_finds_what_is_taken_away():
    audio = hum() + noise()
    assert fall_db(hum(), Dehum().process(audio, RATE) - noise()) > 25


@pytest.mark.parametrize("base_hz", [0.0, 50.0])
def test_a_line_of_no_comb_goes_and_what_is_beside_it_stays(base_hz):
    """A converter's tone, alone and beside hum; it tells of no edits."""
    line = 0.001 * np.sin(2 * np.pi * 2345.6 * TIME)[np.newaxis]
    wave = line + (hum(base_hz, wander_hz=0.0) if base_hz else 0.0)
    program = noise(-40.0) * np.clip(np.sin(2 * np.pi * TIME), 0.01, 1.0)
    stage = Dehum()
    stage.learn(wave + program, RATE)
    assert fall_db(wave, stage.process(wave + program, RATE) - program) > 25
    stream, events = stage.stream(RATE, 1), []
    stream.step(wave + program, events.append)
    stream.flush(events.append)
    assert not events


@pytest.mark.parametrize("mains", [50.0, 60.0, 43.7, 400.0])
def test_any_fundamental(mains):
    wave = hum(mains, (1, 2, 3))
    out = dehummed(wave + noise(), found(mains, (1, 2, 3)))
    assert fall_db(wave, out - noise()) > 25


@pytest.mark.parametrize(("jump", "gain"), [(1.5, 1.0), (0.0, 0.5), (-2.5, 1.6)])
def test_edits_are_survived(jump, gain):
    """All but a tenth of a second around the edit, and hardly more than the hum itself there."""
    wave = hum(at=8.0, jump=jump, gain=gain)
    rest = dehummed(wave + noise()) - noise()
    assert fall_db(wave, rest, 1, 7.9) > 25
    assert fall_db(wave, rest, 8.1, 15) > 25
    assert fall_db(wave, rest, 7.9, 8.1) > 6


@pytest.mark.parametrize("hz", [50.0, 100.0])
def test_a_note_at_the_hums_frequency_stays(hz):
    """20 dB over the hum, for 6 s, with onset and release."""
    envelope = np.clip((TIME - 5) / 0.05, 0, 1) * np.clip((11 - TIME) / 0.2, 0, 1)
    note = 0.07 * envelope * np.sin(2 * np.pi * hz * TIME + 0.4)[np.newaxis]
    out = dehummed(hum() + note + noise())
    kept = slice(round(5.2 * RATE), round(10.7 * RATE))
    turn = np.exp(-2j * np.pi * hz * TIME[kept])
    change = np.abs((out - noise())[0, kept] @ turn) / np.abs(note[0, kept] @ turn)
    assert abs(20 * np.log10(change)) < 0.5


def test_what_is_no_hum_is_not_touched():
    """A note alone, at 50 Hz: nothing is found, every sample stays."""
    envelope = np.clip((TIME - 3) / 0.05, 0, 1) * np.clip((11 - TIME) / 0.2, 0, 1)
    audio = 0.1 * envelope * np.sin(2 * np.pi * 50 * TIME)[np.newaxis] + noise()
    assert np.array_equal(Dehum().process(audio, RATE), audio)


def test_a_channel_without_hum_keeps_its_bits():
    both = np.concatenate([hum() + noise(), noise(seed=1)])
    findings = found(channels=2)
    findings.level_dbfs[1] = -200.0
    out = dehummed(both, findings)
    assert np.array_equal(out[1], both[1])
    assert fall_db(hum(), out[:1] - noise()) > 25


def test_digital_silence_stays_silent():
    audio = hum() + noise()
    audio[:, 5 * RATE : 7 * RATE] = 0.0
    out = dehummed(audio)
    assert not out[:, 5 * RATE : 7 * RATE].any()
    assert fall_db(hum(), out - noise(), 7.5, 15) > 20


@pytest.mark.parametrize("reduction_db", [6.0, 20.0])
def test_hum_falls_by_the_reduction(reduction_db):
    fall = fall_db(hum(), dehummed(hum(), reduction_db=reduction_db))
    assert fall == pytest.approx(reduction_db, abs=0.5)


def test_slope_leaves_more_of_higher_harmonics():
    wave = hum(harmonics=(4,))
    out = dehummed(wave, found(harmonics=(4,), level_dbfs=-46.0), reduction_db=20.0, slope=6.0)
    assert fall_db(wave, out) == pytest.approx(20 - 2 * 6, abs=0.5)


@pytest.mark.parametrize("mode", ["static", "notch"])
def test_steady_hum_goes_in_the_other_modes(mode):
    wave = hum(wander_hz=0.0)
    assert fall_db(wave, dehummed(wave + noise(), mode=mode) - noise(), 4.0) > 20


def test_faint_hum_goes_where_the_base_is_given():
    """6 s after a louder program began the finder may fail; an engineer's word is enough."""
    audio = hum(wander_hz=0.0) + noise(-50.0)
    out = Dehum(base_frequency_hz=50.0).process(audio, RATE)
    assert fall_db(hum(wander_hz=0.0), out - noise(-50.0)) > 12


@pytest.mark.parametrize("hz", [8.35, 10.0, 16.7, 25.0, 39.9, 100.0, 412.0, 1000.0])
def test_a_base_that_is_named_is_obeyed(hz):
    """Railways, 25-cycle mains, tapes at half speed, 400 Hz on a fast tape: where none is searched, too."""
    wave = hum(hz, (1, 2, 3), wander_hz=0.0)
    stage = Dehum(base_frequency_hz=hz)
    assert stage.analyse(wave + noise(), RATE).frequency_hz == pytest.approx(hz, rel=1e-3)
    assert fall_db(wave, stage.process(wave + noise(), RATE) - noise()) > 25


@pytest.mark.parametrize("hz", [1e-6, 0.5, 3.0])
def test_a_base_whose_harmonics_cannot_be_told_apart_finds_nothing(hz):
    """What is named is what is looked for: the hum at 50 Hz is not, and stays."""
    assert np.array_equal(Dehum(base_frequency_hz=hz).process(noise(), RATE), noise())


def test_presets_from_before_bases_under_40_hz_were_obeyed_sound_the_same():
    assert Dehum.upgrade(1, {"base_frequency_hz": 25.0}) == {"base_frequency_hz": 0.0}
    assert Dehum.upgrade(1, {"base_frequency_hz": 50.0}) == {"base_frequency_hz": 50.0}
    assert Dehum.upgrade(2, {"base_frequency_hz": 25.0}) == {"base_frequency_hz": 25.0}


@pytest.mark.parametrize("mode", ["adaptive", "notch"])
def test_any_partition_gives_the_same_bits(mode):
    """Past an edit too, which the contract's recordings do not hold."""
    audio = (hum(at=4.0, jump=1.5) + noise())[:, : 9 * RATE]
    stage = Dehum(mode=mode)
    stage.findings = found()
    expected = stage.process(audio, RATE)

    @settings(deadline=None, max_examples=2)
    @given(st.lists(st.integers(1, 30_000), max_size=6))
    def check(sizes):
        stream = stage.stream(RATE, 1)
        outputs, at = [], 0
        for size in [*sizes, audio.shape[1]]:
            outputs.append(stream.step(audio[:, at : at + size]))
            at += size
        assert np.array_equal(np.concatenate([*outputs, stream.flush()], axis=1), expected)

    check()


def test_edits_are_told_where_they_are():
    """A splice and a level step; nothing where the hum only wanders."""
    for wave, expected in ((hum(at=8.0, jump=1.5), [8.0]), (hum(at=8.0, gain=0.5), [8.0]), (hum(), [])):
        stage, told = Dehum(), []
        stage.findings = found()
        stream = stage.stream(RATE, 1)
        stream.step(wave + noise(), told.append)
        stream.flush(told.append)
        assert {event.kind for event in told} <= {"edit"}
        assert [event.position / RATE for event in told] == pytest.approx(expected, abs=0.02)


def test_a_chord_over_the_hum_stays():
    """A third and a fifth over a note at the hum's second harmonic."""
    envelope = np.clip((TIME - 5) / 0.05, 0, 1) * np.clip((11 - TIME) / 0.2, 0, 1)
    chord = 0.07 * envelope * sum(np.sin(2 * np.pi * 100 * ratio * TIME + ratio) for ratio in (1, 1.25, 1.5))
    out = dehummed(hum() + chord + noise())
    kept = slice(round(5.2 * RATE), round(10.7 * RATE))
    turn = np.exp(-2j * np.pi * 100 * TIME[kept])
    change = np.abs((out - noise())[0, kept] @ turn) / np.abs(chord[kept] @ turn)
    assert abs(20 * np.log10(change)) < 0.5


def test_findings_of_another_width_are_refused():
    with pytest.raises(FindingsError, match="2 channels"):
        dehummed(noise(), found(channels=2))


@pytest.mark.parametrize("other_hz", [48.8, 50.7, 51.5, 60.0])
def test_two_hums_on_one_copy_both_go(other_hz):
    """The mains' and the medium's: found, told apart where they beat, and no beat is taken for a splice."""
    wave = hum(harmonics=range(1, 9), wander_hz=0.003) + hum(other_hz, range(1, 9), wander_hz=0.02)
    stage, told = Dehum(), []
    found = stage.findings = stage.analyse(wave + noise(), RATE)
    assert sorted(hum.frequency_hz for hum in found.each()) == pytest.approx(sorted([50, other_hz]), abs=0.05)
    stream = stage.stream(RATE, 1)
    out = np.concatenate([stream.step(wave + noise(), told.append), stream.flush(told.append)], axis=1)
    assert not told
    assert fall_db(wave, out - noise()) > 20


def test_hum_behind_a_gate_goes_at_once():
    """Windows that hold a part of the digital silence say nothing of the hum's level."""
    wave, rest = hum(wander_hz=0.003), noise(-45.0)
    start = round(0.5 * RATE)
    wave[:, :start] = rest[:, :start] = 0.0
    out = dehummed(wave + rest)
    assert not out[:, :start].any()
    assert fall_db(wave, out - rest, 0.6, 2.5) > 22


@pytest.mark.parametrize("other_hz", [49.2, 51.5, 58.3])
def test_another_line_that_beats_with_the_hum_is_no_edit(other_hz):
    """Another hum, or a bass line, as loud as the hum: the phase seems to jump at every beat."""
    other = sum(hum(other_hz, (h,), wander_hz=0.0) for h in (1, 2, 3))
    stage, told = Dehum(), []
    stage.findings = found()
    stream = stage.stream(RATE, 1)
    stream.step(hum() + other + noise(), told.append)
    stream.flush(told.append)
    assert not told


def test_what_is_subtracted_does_not_break_off_at_an_edit():
    """A jump of the phase by half a turn: the wave that is taken away goes over in milliseconds."""
    wave = hum(harmonics=(1,), at=8.0, jump=np.pi / 2)
    stage = Dehum(output="removed")
    stage.findings = found(harmonics=(1,))
    removed = stage.process(wave + noise(), RATE)
    assert np.abs(np.diff(removed)).max() < 0.3 * np.abs(removed).max()


LONG = np.arange(60 * RATE) / RATE


def long_hum(*spans):
    """Hum between so many seconds, and plucked notes with pauses over noise all along."""
    wave = 0.0141 * sum(np.sin(2 * np.pi * 50 * h * LONG + h) / h for h in range(1, 13))
    since, draw = LONG % 0.5, np.random.default_rng(1)
    pitch = 196 * 2 ** (draw.integers(0, 18, 120)[(LONG * 2).astype(int)] / 12)
    notes = 0.2 * np.exp(-since / 0.12) * np.sin(2 * np.pi * pitch * since) * (since < 0.4)
    there = sum((begin <= LONG) & (end > LONG) for begin, end in spans) if spans else 0 * LONG
    return (wave * there)[np.newaxis], (notes + 1e-4 * draw.standard_normal(LONG.size))[np.newaxis]


@pytest.mark.parametrize("hz", [0.0, 50.0])
@pytest.mark.parametrize("spans", [[(30, 60)], [(0, 30)], [(20, 45.3)], [(5, 26), (37, 58)]])
def test_hum_part_of_the_way_goes_where_it_is(spans, hz):
    """Found, or named by the engineer. Nothing changes elsewhere, but for milliseconds at its ends."""
    wave, rest = long_hum(*spans)
    out = Dehum(base_frequency_hz=hz).process(wave + rest, RATE)
    assert 10 * np.log10(np.sum(wave**2) / np.sum((out - rest)[wave != 0] ** 2)) > 25
    away = np.all([(begin - 0.02 > LONG) | (end + 0.02 <= LONG) for begin, end in spans], axis=0)
    assert np.array_equal(out[0, away], (wave + rest)[0, away])


@pytest.mark.parametrize("hz", [0.0, 50.0])
def test_nothing_changes_where_no_hum_is(hz):
    _, rest = long_hum()
    assert np.array_equal(Dehum(base_frequency_hz=hz).process(rest, RATE), rest)


def test_where_nothing_was_found_nothing_is_held_but_the_latency():
    silence = np.zeros((8, 2000))
    stage, rate = Dehum(), 192_000
    stage.process(silence[:, :100], rate)
    tracemalloc.start()
    assert np.array_equal(stage.process(silence, rate), silence)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * 8 * 8 * stage.latency(rate)
