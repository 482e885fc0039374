"""What hosts hear of the shell: delayed by a constant, to the bit, however blocks are cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from .bundles import BYPASS, GAIN, Host, manifest
from .conftest import Loaded

Noise = npt.NDArray[np.float32]
LATENCY = 1000


def play(host: Host, blocks: list[int], mode: int = 2, *words: str) -> list[str]:
    answers = []
    for samples in blocks:
        answers.append(host.ask("process", samples, mode, *words).split()[0])
        words = ()
    return answers


def delayed(noise: Noise, length: int, latency: int = LATENCY) -> Noise:
    return np.concatenate([np.zeros((2, latency), np.float32), noise], 1)[:, :length]


@pytest.mark.parametrize(
    "blocks",
    [[64] * 60, [512] * 20, [8192] * 4, [1, 0, 777, 8193, 0, 20_000, 3]],
    ids=lambda blocks: str(blocks[1]),
)
@pytest.mark.parametrize("hold", [0, 999])
def test_offline_every_sample_comes_back_late_and_unchanged(
    loaded: Loaded, noise: Noise, blocks: list[int], hold: int
) -> None:
    host = loaded(manifest(LATENCY, engine=["gain=0.5", f"hold={hold}"]), noise)
    assert host.ask("latency") == str(LATENCY)
    host.start()
    assert set(play(host, blocks)) == {"0"}
    heard = host.end()
    assert np.array_equal(heard, delayed(noise * np.float32(0.5), heard.shape[1]))


def test_buffers_may_be_the_same_memory(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(LATENCY, engine=["gain=0.5"]), noise)
    host.start()
    for samples in (100, 9000, 3000):
        assert host.ask("process", samples, 2, "alias").split()[0] == "0"
    heard = host.end()
    assert np.array_equal(heard, delayed(noise * np.float32(0.5), heard.shape[1]))


def test_mono(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(0, engine=["gain=0.5"]), noise)
    host.start(channels=1)
    play(host, [500, 500])
    assert np.array_equal(host.end(channels=1)[0], noise[0, :1000] * np.float32(0.5))


def test_layouts_and_rates_that_are_none_of_ours_are_refused(loaded: Loaded) -> None:
    host = loaded()
    mono = 1 << 19
    assert host.ask("buses", 3, 3) == host.ask("buses", mono, mono) == "0"
    assert "0" not in {host.ask("buses", *pair) for pair in [(3, mono), (mono, 3), (7, 7), (0, 0)]}
    assert host.ask("setup", 48000, 0, 512) == "0"
    assert host.ask("setup", 12345, 0, 512) != "0"


def test_live_then_export_without_a_reset_gives_the_same_bytes_as_an_export_alone(
    loaded: Loaded, noise: Noise
) -> None:
    alone, after = (loaded(manifest(LATENCY, engine=["gain=0.25", "hold=700"]), noise) for _ in range(2))
    alone.start()
    after.start(mode=0)
    after.ask("live", 512, 10)
    after.ask("seek", 0)
    for host in (alone, after):
        assert set(play(host, [512] * 20)) == {"0"}
    assert np.array_equal(after.end()[:, 5120:], alone.end())


def test_a_reset_begins_a_new_recording_with_silence(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(LATENCY), noise)
    host.start()
    play(host, [3000])
    host.ask("active", 0)
    host.ask("active", 1)
    host.ask("seek", 0)
    play(host, [3000])
    heard = host.end()
    assert np.array_equal(heard[:, 3000:], heard[:, :3000])


def test_blocks_without_samples_in_another_mode_do_not_begin_a_new_recording(
    loaded: Loaded, noise: Noise
) -> None:
    host = loaded(manifest(LATENCY), noise)
    host.start()
    play(host, [2000])
    play(host, [0], 0)
    play(host, [2000])
    assert np.array_equal(host.end(), delayed(noise, 4000))


def test_silence_is_flagged(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(1000), noise)
    host.start()
    assert [host.ask("process", n, 2).split()[1] for n in (1000, 10)] == ["3", "0"]


def test_bypass_passes_the_dry_sound_as_late_and_fades(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(LATENCY, engine=["gain=0"]), noise)
    host.start()
    play(host, [4000])
    play(host, [4000], 2, f"{BYPASS}:0:1")
    heard, dry = host.end(), delayed(noise, 8000)
    assert not heard[:, :4000].any()
    assert np.array_equal(heard[:, 4256:], dry[:, 4256:])
    fading = np.abs(heard[:, 4000:4256]).max(axis=0) / np.abs(dry[:, 4000:4256]).max(axis=0)
    assert np.all(np.diff(fading) >= -1e-6)
    assert fading[0] < 0.01


def test_changes_take_effect_at_their_sample(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(LATENCY), noise)
    host.start()
    play(host, [1000], 2, f"{GAIN}:0:0.5")  # what it begins with
    play(host, [2000], 2, f"{GAIN}:1500:0.25", f"{GAIN}:500:1")
    gain = np.full(3000, 0.5, np.float32)
    gain[1500:2500], gain[2500:] = 1, 0.25
    assert np.array_equal(host.end(), delayed(noise[:, :3000] * gain, 3000))


def test_what_is_no_number_does_not_reach_the_engine(loaded: Loaded, noise: Noise) -> None:
    broken = noise.copy()
    broken[0, 100], broken[1, 200] = np.nan, np.inf
    host = loaded(manifest(0), broken)
    host.start()
    play(host, [1000])
    assert np.array_equal(host.end(), np.nan_to_num(broken, nan=0, posinf=0)[:, :1000])


def test_live_waits_a_share_of_the_block_then_passes_the_dry_sound_and_counts_it(
    loaded: Loaded, noise: Noise
) -> None:
    host = loaded(manifest(LATENCY, engine=["gain=0.5", "hang=10000"]), noise)
    host.start(mode=0)
    worst_ms, _ = host.live(512, 60)
    assert host.dropouts() > 20
    heard = host.end()
    dry = delayed(noise, heard.shape[1])
    assert np.array_equal(heard[:, -512:], dry[:, -512:])
    assert np.array_equal(heard[:, :5000], 0.5 * dry[:, :5000])
    assert worst_ms < 3 * 512 / 48  # half a block is waited; the rest is for busy machines


def test_a_host_that_is_ahead_of_the_clock_waits_the_longer(loaded: Loaded, noise: Noise) -> None:
    """Some hosts render as fast as they can while they say that they play."""
    host = loaded(manifest(9600, engine=["gain=0.5", "hold=4800", "slow=0.008"]), noise)
    host.start(mode=0)
    play(host, [512] * 100, 0)
    assert host.dropouts() == 0
    heard = host.end()
    assert np.array_equal(heard, delayed(noise * np.float32(0.5), heard.shape[1], 9600))
