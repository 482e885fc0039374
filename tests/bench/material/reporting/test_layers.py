"""A medium's layers are the same every time, within its band, worse where it is worn, and alone at first."""

from functools import cache

import numpy as np
import pytest
from bench.material.layered import CARRIES, WEAR, Layered
from bench.material.reporting.carriers import MEDIA
from bench.material.reporting.channel import RATE
from bench.material.reporting.layers import LEAD_S, layers
from bench.material.reporting.layers import __doc__ as described
from bench.material.takes import Take
from bench.measuring.measures import sdr_db

every_medium = pytest.mark.parametrize("medium", MEDIA)


def take(channels: int = 2) -> Take:
    draw = np.random.default_rng(0)
    return Take("noise", 0.1 * draw.standard_normal((channels, RATE)), RATE)


@cache
def made(medium: str, wear: str, seed: int = 0) -> Layered:
    return layers(medium, take(), wear, seed)


def test_there_is_a_medium_for_each_preset() -> None:
    assert set(MEDIA) == set(CARRIES)


@every_medium
def test_the_description_tells_the_noise(medium: str) -> None:
    light, heavy = MEDIA[medium].noise_db
    assert f"\n{medium:18} {light:g} / {heavy:g} " in (described or "")


@every_medium
@pytest.mark.parametrize("wear", WEAR)
def test_it_is_the_same_every_time_and_holds_its_damage_alone_at_first(medium: str, wear: str) -> None:
    one, again = made(medium, wear), layers(medium, take(), wear, 0)
    assert one.audio.tobytes() == again.audio.tobytes() and one.clean.tobytes() == again.clean.tobytes()
    assert (one.added == one.audio - one.clean).all() and np.isfinite(one.audio).all()
    assert 0.5 < np.abs(one.audio).max() <= 1
    lead = round(LEAD_S * one.sample_rate)
    assert one.program.start == lead
    damage, silence = (np.abs(x[:, : lead - lead // 10]) for x in (one.audio, one.clean))
    assert silence.max() < 1e-6
    # 70 dB under full scale is under all that is heard as damage, but a studio's own noise
    assert np.sqrt(np.mean(damage**2)) > 10 ** (-70 / 20)


@every_medium
def test_a_heavily_worn_copy_is_worse(medium: str) -> None:
    copies = [made(medium, wear) for wear in WEAR]
    sdr = [sdr_db(copy.clean[:, copy.program], copy.audio[:, copy.program]) for copy in copies]
    assert sdr[0] > sdr[1] + 3


@every_medium
def test_the_clean_take_has_its_band_and_its_channels(medium: str) -> None:
    copy, spec = made(medium, "heavy"), MEDIA[medium]
    walls = 2 if spec.disc or not spec.mono else 1
    assert len(copy.clean) in {1 if spec.mono else 2, walls}
    power = np.mean(np.abs(np.fft.rfft(copy.clean[:, copy.program], axis=1)) ** 2, axis=0)
    hz = np.arange(len(power)) * copy.sample_rate / copy.clean[:, copy.program].shape[1]
    inside = np.mean(power[(hz > 1.5 * spec.low_hz[1]) & (hz < 0.6 * (spec.high_hz[0] or 15_000))])
    for low, high in ((0, spec.low_hz[0] / 2), (1.6 * (spec.high_hz[1] or RATE / 2), 20_000)):
        if high > low + 20:
            assert 10 * np.log10(inside / np.mean(power[(hz >= low) & (hz < high)])) > 10


@pytest.mark.parametrize("medium", [name for name, spec in MEDIA.items() if spec.narrow])
def test_damage_of_a_narrow_medium_stays_in_its_band(medium: str) -> None:
    added, top = made(medium, "heavy").added, MEDIA[medium].high_hz[1]
    power = np.abs(np.fft.rfft(added, axis=1)) ** 2
    hz = np.arange(power.shape[1]) * made(medium, "heavy").sample_rate / added.shape[1]
    inside, outside = np.mean(power[:, (hz > 300) & (hz < top)]), np.mean(power[:, hz > 2 * top])
    assert 10 * np.log10(inside / outside) > 20


def test_a_mono_disc_comes_in_one_channel_or_as_two_unlike_walls() -> None:
    copies = [made("shellac-electric", "light", seed) for seed in range(6)]
    assert {len(copy.clean) for copy in copies} == {1, 2}
    for copy in copies:
        if len(copy.clean) == 2:
            apart = sdr_db(copy.clean[:1, copy.program], copy.clean[1:, copy.program])
            assert 20 < apart < 80


@pytest.mark.parametrize("wear", WEAR)
def test_what_hums_is_told(wear: str) -> None:
    assert made("hum", wear).hum_hz in (50.0, 60.0, 59.35, 56.4)
    assert made("prepare", wear).hum_hz == 0
    assert len({made("reel-interview", wear, seed).hum_hz > 0 for seed in range(6)}) == 2


def test_prepare_has_an_offset_and_silent_ends() -> None:
    copy = made("prepare", "light")
    assert 20 * np.log10(np.mean(copy.added)) == pytest.approx(-46, abs=0.5)
    assert np.abs(copy.clean[:, -copy.sample_rate // 3 :]).max() < 1e-6


@pytest.mark.parametrize(
    ("medium", "wear", "rate", "match"),
    [("wax", "light", RATE, "medium="), ("wire", "new", RATE, "wear="), ("wire", "light", 48_000, "rate=")],
)
def test_what_is_unknown_is_refused(medium: str, wear: str, rate: int, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        layers(medium, Take("x", take().audio, rate), wear, 0)
