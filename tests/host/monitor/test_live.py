"""A chain live: every sample comes out, late by what was declared; what is too slow is told."""

import threading
import time

import numpy as np
import pytest
from wavemend import Chain, Declick, Dehum, Denoise, DeviceError, NotLearned, Rumble
from wavemend.host.monitor.live import Live, Meter, declared_delay, refuse_listeners, run_live

from tests.host.recordings import RATE, damaged

BLOCK = 441


class FakeStream:
    """Devices in memory that keep no time: what is read is given at once, what is written is kept."""

    def __init__(self, audio, *, drops=0, failing=None):
        self.audio, self.at, self.written = audio, 0, []
        self.sample_rate, self.dropped_input_frame_count, self.failing = RATE, drops, failing

    def read(self, count=0):
        if self.failing == "read":
            raise RuntimeError("unplugged")
        block = self.audio[:, self.at : self.at + count]
        self.at += count
        return np.pad(block, ((0, 0), (0, count - block.shape[1]))).astype(np.float32)

    def write(self, audio, sample_rate):
        if self.failing == "write":
            raise RuntimeError("unplugged")
        assert audio.dtype == np.float32 and sample_rate == RATE
        self.written.append(audio)


def run(chain, audio, seconds, **options):
    devices = FakeStream(audio)
    live = Live(chain, RATE, audio.shape[0])
    meter = run_live(devices, live, block_size=BLOCK, stop=threading.Event(), seconds=seconds, **options)
    return live, meter, np.concatenate(devices.written, axis=1)


def test_what_comes_out_is_what_a_render_gives_later_by_what_was_declared():
    audio = damaged(2.0).astype(np.float32).astype(np.float64)
    chain = Chain([Declick(), Rumble()])
    live, meter, heard = run(chain, audio, 1.5)
    assert heard.shape[1] == 150 * BLOCK and meter.blocks == 150 and meter.seconds == pytest.approx(1.5)
    assert live.latency > 0 and not heard[:, : live.latency].any()
    stream = Chain([Declick(), Rumble()]).stream(RATE, 2)
    whole = np.concatenate([stream.step(audio), stream.flush()], axis=1)
    expected = whole[:, : heard.shape[1] - live.latency].astype(np.float32)
    assert np.array_equal(heard[:, live.latency :], expected)


def test_what_passes_full_scale_is_held_there():
    loud = np.full((1, RATE), 3.0)
    _, _, heard = run(Chain([]), loud, 0.1)
    assert heard.max() == 1.0


def test_the_meter_tells_the_load_and_the_delay():
    told = []
    live, meter, _ = run(Chain([]), np.zeros((2, RATE)), 1.0, tell=told.append, tell_every_s=0.25)
    assert len(told) == 4 and isinstance(told[0], Meter)
    assert 0 < meter.load <= meter.peak_load and meter.delay_s <= meter.peak_delay_s
    assert declared_delay(live, BLOCK) == 3 * BLOCK


def test_lost_samples_and_slow_blocks_are_counted():
    devices = FakeStream(np.zeros((1, RATE)), drops=7)
    live = Live(Chain([]), RATE, 1)
    own = live._stream.step
    live._stream.step = lambda block: (time.sleep(0.02), own(block))[1]
    meter = run_live(devices, live, block_size=BLOCK, stop=threading.Event(), seconds=0.05)
    assert meter.dropped == 7 * meter.blocks and meter.late == meter.blocks == 5
    assert meter.peak_load > 1 and meter.dropouts


def test_a_stop_and_ctrl_c_end_it_with_what_was_heard():
    stop = threading.Event()
    devices = FakeStream(np.zeros((1, RATE)))
    meter = run_live(
        devices,
        Live(Chain([]), RATE, 1),
        block_size=BLOCK,
        stop=stop,
        tell=lambda meter: stop.set(),
        tell_every_s=0,
    )
    assert meter.blocks == 1

    def interrupt(meter):
        raise KeyboardInterrupt

    before = threading.active_count()
    devices = FakeStream(np.zeros((1, RATE)))
    meter = run_live(
        devices,
        Live(Chain([]), RATE, 1),
        block_size=BLOCK,
        stop=threading.Event(),
        tell=interrupt,
        tell_every_s=0,
    )
    assert meter.blocks == 1 and threading.active_count() == before


@pytest.mark.parametrize(("failing", "message"), [("read", "input"), ("write", "output")])
def test_a_device_that_goes_away_is_one_error(failing, message):
    devices = FakeStream(np.zeros((1, RATE)), failing=failing)
    with pytest.raises(DeviceError, match=f"the {message} .* unplugged"):
        run_live(devices, Live(Chain([]), RATE, 1), block_size=BLOCK, stop=threading.Event(), seconds=5.0)


def test_an_input_of_other_channels_is_refused():
    devices = FakeStream(np.zeros((1, RATE)))
    with pytest.raises(DeviceError, match="--channels"):
        run_live(devices, Live(Chain([]), RATE, 2), block_size=BLOCK, stop=threading.Event())


def test_stages_that_must_hear_all_of_it_are_named_with_a_remedy():
    with pytest.raises(NotLearned, match=r"Dehum \(slot 2\) and Denoise \(slot 3\) .*--set 2.bypass=true"):
        refuse_listeners(Chain([Declick(), Dehum(), Denoise()]))
    denoise = Denoise()
    denoise.learn(0.01 * np.random.default_rng(0).standard_normal((1, RATE)), RATE)
    refuse_listeners(Chain([Declick(), denoise]))
