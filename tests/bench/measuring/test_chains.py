"""What stands beside a preset is its own chain: its filters, its stages in another order, ffmpeg's steps."""

import numpy as np
import pytest
from bench.material.layered import layered
from bench.measuring.chains import broadband_first, through_ffmpeg, without_repairs
from bench.measuring.peers import ADECLICK, missing_ffmpeg
from wavemend import Chain, Declick, Denoise, Rumble, load_preset

RATE = 44_100


def recording(hum_hz=0.0):
    audio = 0.1 * np.random.default_rng(1).standard_normal((1, RATE))
    return layered(audio, audio, RATE, 0, hum_hz)


def test_filters_alone_are_what_is_left():
    chain = without_repairs(load_preset("vinyl").chain)
    used = [type(slot.member).__name__ for slot in chain.slots if not slot.bypass]
    assert used == ["Rumble", "BrickwallLimiter"]


def test_broadband_noise_goes_first_and_the_rest_stays_in_order():
    chain = broadband_first(Chain([Declick(), Rumble(), Denoise()]))
    assert "should come before" in chain.warnings()[0]
    assert [type(member).__name__ for member in chain] == ["Denoise", "Declick", "Rumble"]


@pytest.mark.whole
@pytest.mark.skipif(bool(missing_ffmpeg(ADECLICK)), reason="ffmpeg is not installed")
def test_ffmpeg_has_the_same_filters():
    from scipy.signal import welch

    one = recording()
    chain = Chain([Declick(), Rumble(cutoff_hz=200, slope_db_per_octave="24")])
    ours, theirs = without_repairs(chain).process(one.audio, RATE), through_ffmpeg(chain, one, repairs=False)
    (hz, mine), (_, other) = (welch(audio[0], RATE, nperseg=8192) for audio in (ours, theirs))
    assert np.abs(10 * np.log10(mine / other))[(hz > 50) & (hz < 10_000)].max() < 0.5
    changed = through_ffmpeg(load_preset("hum").chain, recording(50.0), repairs=True, notches=True)
    hz, power = welch(changed[0], RATE, nperseg=8192)
    assert power[np.argmin(abs(hz - 50))] < power[np.argmin(abs(hz - 75))]
