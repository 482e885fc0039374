"""The test signal that presets are compared on: the same bits everywhere, and no other under its name."""

import numpy as np
import pytest
from wavemend.contract.registry import stage_class, stage_ids
from wavemend.host.presets.standard_signal import (
    CHANNELS,
    RATE,
    SECONDS,
    SIGNAL,
    signal_sha256,
    standard_integers,
    standard_signal,
)


def test_it_is_the_one_that_packs_were_made_with():
    assert SIGNAL == "wavemend-standard-1"
    assert signal_sha256() == "1cb66ef5e69f6709e76f4f09fec0448a7e4e4007151cbec15f992a524f8365ee"


def test_it_is_whole_steps_of_24_bits_below_full_scale():
    audio = standard_signal()
    assert audio.shape == (CHANNELS, RATE * SECONDS) and np.abs(audio).max() < 0.5
    assert np.array_equal(audio * 2**23, standard_integers())


def test_it_has_what_restoration_is_about():
    audio = standard_signal()
    pause, notes, voice = (audio[0, int(a * RATE) : int(b * RATE)] for a, b in ((0, 0.9), (1, 2), (6, 9)))
    assert notes.std() > voice.std() > 1.2 * pause.std()
    difference = audio[0] - audio[1]
    assert 1e-4 < np.median(np.abs(difference)) < 1e-2  # hiss of each channel
    assert 4 <= np.count_nonzero(np.abs(difference) > 0.1) < 80  # clicks of one channel alone
    spectrum = np.abs(np.fft.rfft(pause * np.hanning(pause.size)))
    assert abs(np.argmax(spectrum) * RATE / pause.size - 50) < 2


# A ceiling is one of the whole recording: clipped, it would be no test of the other stages. It is music
# for the most part, on which a stage for voices stands aside.
NOTHING_TO_DO = {"wavemend.declip", "wavemend.dereverb", "wavemend.voice_denoise"}


@pytest.mark.parametrize("identifier", sorted(set(stage_ids()) - NOTHING_TO_DO))
def test_every_stage_finds_something_to_do_in_it(identifier):
    audio = standard_signal()
    assert np.count_nonzero(stage_class(identifier)()(audio, RATE) != audio) > 100
