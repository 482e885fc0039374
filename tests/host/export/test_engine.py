"""The engine's process, at the other end of its memory and socket: what it gives, says, and when it ends."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time

import numpy as np
import pytest
import wavemend
from wavemend.host.chain.chain import Chain
from wavemend.host.chain.sources import ArraySource
from wavemend.host.export.controls import LEARN
from wavemend.host.export.effects import effect_of
from wavemend.host.export.manifest import MANIFEST_NAME, resources
from wavemend.host.export.rack import Rack
from wavemend.host.export.state import Learned, learned_bytes, read_learned
from wavemend.host.presets.preset import Preset

from .shell_double import (
    CURVE,
    FAULT,
    LEARNED,
    LEARNING,
    NEEDS,
    READY,
    SAYS_READY,
    EngineGoneError,
    Shell,
    blocks_of,
)

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="effects run on Linux so far"),
]
RATE = 44_100


def recording(seconds: float = 2.0, channels: int = 2):
    rng = np.random.default_rng(1)
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 0.1 * np.sin(2 * np.pi * 440 * time) * (np.sin(2 * np.pi * 0.8 * time) > 0)
    audio = tone + 0.003 * rng.normal(size=(channels, time.size))
    audio[:, 5000::7001] += 0.4
    return audio.astype(np.float32)


def rendered(chain: Chain, audio, tail: int):
    fed = np.concatenate([audio, np.zeros((len(audio), tail))], axis=1)
    return chain.process(fed.astype(np.float64), RATE)[:, : audio.shape[1]].astype(np.float32)


def heard(shell: Shell, audio, sizes=(512,)):
    """Return what a host hears once it has taken the delay out."""
    fed = np.concatenate([audio, np.zeros((len(audio), shell.latency), np.float32)], axis=1)
    out = np.concatenate([shell.play(block) for block in blocks_of(fed, list(sizes))], axis=1)
    return out[:, shell.latency :]


@pytest.fixture(scope="module")
def bundle_of(tmp_path_factory):
    def make(what):
        folder = tmp_path_factory.mktemp("Resources")
        for name, data in resources(effect_of(what)).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
        return folder

    return make


@pytest.fixture(scope="module")
def started():
    """Start engines of bundles, and end them all in the end."""
    shells = []

    def start(folder, **options):
        shells.append(Shell(folder, **options))
        return shells[-1]

    yield start
    for shell in shells:
        shell.close()


@pytest.fixture(scope="module")
def open_shell(bundle_of, started):
    def start(what):
        shell = started(bundle_of(what))
        shell.hear(SAYS_READY)
        return shell

    return start


@pytest.fixture(scope="module")
def rumble(open_shell):
    return open_shell("rumble")


@pytest.fixture(scope="module")
def chain():
    return Chain([wavemend.Declick(), wavemend.Denoise()])


@pytest.fixture(scope="module")
def learned(chain):
    audio = recording()
    return Learned(Rack(chain).listener()(ArraySource(audio.astype(np.float64)), RATE), 2.0)


@pytest.fixture(scope="module")
def restoring(open_shell, chain):
    """Start an effect of two stages, one of which has to listen."""
    return open_shell(Preset("Clicks and hiss", "", chain))


@pytest.mark.parametrize("sizes", [[512], [64], [8192], [1, 700, 64, 8192]])
def test_offline_it_gives_the_bits_of_a_rendering(restoring, chain, learned, sizes):
    audio = recording()
    rack = Rack(chain)
    rack.take(learned)
    restoring.send_state(learned_bytes(chain, learned))
    restoring.begin(RATE, 2)
    expected = rendered(rack.sounding(RATE, 2), audio, restoring.latency)
    np.testing.assert_array_equal(heard(restoring, audio, sizes), expected)
    assert restoring.status == READY
    assert restoring.learned_s == pytest.approx(2.0)


def test_what_it_learned_is_sent_and_can_be_given_back(restoring, chain):
    audio = recording()
    restoring.send_state(b"")
    restoring.begin(RATE, 2)
    restoring.play(audio[:, :64])
    assert restoring.status == READY | NEEDS
    restoring.play(audio[:, :0], {"Learn": 1.0})
    for block in blocks_of(audio, [4096]):
        restoring.play(block)
    assert restoring.status == READY | LEARNING
    restoring.play(audio[:, :64], {"Learn": 0.0})
    restoring.hear(LEARNED)
    restoring.hear(CURVE)
    found = read_learned(chain, restoring.learned)
    behind = Chain([wavemend.Declick()]).process(audio.astype(np.float64), RATE)
    assert found.findings == {(1,): wavemend.Denoise().analyse(behind, RATE)}
    assert len(restoring.curve) % 8 == 0 and np.frombuffer(restoring.curve, "<f4")[1::2].max() < -50


@pytest.mark.parametrize("tells", [True, False])
def test_it_learns_from_the_last_samples_before_a_reset(restoring, chain, tells):
    audio = recording()
    restoring.send_state(b"")
    restoring.begin(RATE, 2)
    restoring.play(audio[:, :0], {"Learn": 1.0})
    os.killpg(restoring.process.pid, signal.SIGSTOP)  # an engine that gets no time before the reset
    restoring.leave(audio[:, :-64])
    restoring.leave(audio[:, -64:], {"Declick bypass": 1.0, "Learn": 0.0} if tells else None)
    threading.Timer(0.3, os.killpg, (restoring.process.pid, signal.SIGCONT)).start()
    restoring.begin(RATE, 2, origin=restoring.position)
    restoring.hear(LEARNED)
    behind = audio[:, :-64].astype(np.float64)
    if not tells:
        behind = Chain([wavemend.Declick()]).process(audio.astype(np.float64), RATE)
    found = read_learned(chain, restoring.learned)
    assert found.findings == {(1,): wavemend.Denoise().analyse(behind, RATE)}
    restoring.begin(RATE, 2)


def test_a_disk_that_is_full_is_said_and_the_next_recording_goes_on(restoring):
    """That nothing can be learned of one that has ended is no fault of the next."""
    audio = recording()
    restoring.send_state(b"")
    restoring.begin(RATE, 2)
    restoring.play(audio[:, :0], {"Learn": 1.0})
    os.killpg(restoring.process.pid, signal.SIGSTOP)
    restoring.leave(audio)
    for process in restoring.members():
        limits = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (0, limits[1]))
    threading.Timer(0.3, os.killpg, (restoring.process.pid, signal.SIGCONT)).start()
    try:
        restoring.begin(RATE, 2, origin=restoring.position)
        restoring.drain()
    finally:
        for process in restoring.members():
            resource.prlimit(process, resource.RLIMIT_FSIZE, limits)
    assert any("nothing was learned" in line and "no space left" in line for line in restoring.said)
    assert restoring.status == READY | NEEDS


@pytest.mark.parametrize("last", ["a state", "learned"])
def test_what_came_last_before_a_reset_is_known_after_it(restoring, chain, learned, last):
    """However late the engine reads it: a state that was loaded, or what was learned."""
    audio = recording()
    restoring.send_state(b"")
    restoring.begin(RATE, 2)
    restoring.drain()
    restoring.learned = b""
    restoring.play(audio[:, :0], {"Learn": 1.0})
    os.killpg(restoring.process.pid, signal.SIGSTOP)
    restoring.leave(audio[:, :RATE])
    if last == "learned":
        restoring.leave(audio[:, :64], state=restoring.send_state(learned_bytes(chain, learned)))
    restoring.leave(audio[:, :64], {"Learn": 0.0})
    if last == "a state":
        restoring.leave(audio[:, :64], state=restoring.send_state(learned_bytes(chain, learned)))
    threading.Timer(0.3, os.killpg, (restoring.process.pid, signal.SIGCONT)).start()
    restoring.begin(RATE, 2, origin=restoring.position)
    restoring.drain()
    assert restoring.learned_s == pytest.approx(learned.seconds if last == "a state" else 1.0, abs=0.05)
    assert restoring.learned_number == restoring.state_number - (last == "a state")


def test_a_state_in_the_midst_is_in_force_from_its_sample_on(restoring, chain, learned):
    audio = recording()
    restoring.send_state(b"")
    restoring.begin(RATE, 2)
    half = audio.shape[1] // 2
    for block in blocks_of(audio[:, :half], [4096]):
        restoring.play(block)
    number = restoring.send_state(learned_bytes(chain, learned))
    out = [restoring.play(audio[:, half : half + 512], state=number)]
    rest = np.pad(audio[:, half + 512 :], ((0, 0), (0, restoring.latency)))
    out += [restoring.play(block) for block in blocks_of(rest, [4096])]
    assert not restoring.status & NEEDS and restoring.status & READY
    assert np.isfinite(np.concatenate(out, axis=1)).all()


def test_a_damaged_state_is_said_and_the_sound_passes(restoring):
    audio = recording(0.5)
    restoring.send_state(b"not learned at all")
    restoring.begin(RATE, 2)
    restoring.drain()
    assert any("what was learned cannot be used" in line for line in restoring.said)
    assert restoring.status & NEEDS and not restoring.status & FAULT
    heard(restoring, audio)


def test_a_reset_forgets_what_was_heard_and_nothing_else(rumble):
    audio = recording(0.5)
    rumble.begin(RATE, 2, {"Cutoff": 1.0})
    first = heard(rumble, audio)
    np.testing.assert_array_equal(
        first, rendered(Chain([wavemend.Rumble(cutoff_hz=300)]), audio, rumble.latency)
    )
    rumble.begin(RATE, 2, {"Cutoff": 1.0}, origin=12_345)
    np.testing.assert_array_equal(heard(rumble, audio, [1000]), first)
    rumble.begin(48_000, 1)
    mono = heard(rumble, audio[:1])
    expected = wavemend.Rumble().process(np.pad(audio[:1], ((0, 0), (0, 9000))), 48_000)
    np.testing.assert_array_equal(mono, expected[:, : audio.shape[1]].astype(np.float32))


def test_a_recording_begins_with_its_first_sound(restoring, chain, learned):
    """However much silence a host plays before it, to make up for delays elsewhere."""
    audio = recording()
    restoring.send_state(learned_bytes(chain, learned))
    restoring.begin(RATE, 2)
    expected = heard(restoring, audio)
    for quiet in (1, 1000, 30_000):
        restoring.begin(RATE, 2)
        out = heard(restoring, np.pad(audio, ((0, 0), (quiet, 0))), [700])
        assert not out[:, :quiet].any()
        np.testing.assert_array_equal(out[:, quiet:], expected)


def test_live_gives_what_a_rendering_gives(rumble):
    audio = recording(0.5)
    rumble.begin(RATE, 2, mode=0)
    live = heard(rumble, audio)
    rumble.begin(RATE, 2, mode=2)
    np.testing.assert_array_equal(heard(rumble, audio), live)


def test_parameters_are_in_force_from_their_block_on(rumble):
    audio = recording(1.0)
    rumble.begin(RATE, 2)
    expected = rendered(Chain([wavemend.Rumble()]), audio, rumble.latency)
    half = audio.shape[1] // 2
    out = [rumble.play(block) for block in blocks_of(audio[:, :half], [512])]
    out.append(rumble.play(audio[:, half:], {"Cutoff": 1.0}))
    out.append(rumble.play(np.zeros((2, rumble.latency), np.float32)))
    out = np.concatenate(out, axis=1)[:, rumble.latency :]
    np.testing.assert_array_equal(out[:, :half], expected[:, :half])
    assert (out[:, half + 1000 :] != expected[:, half + 1000 :]).mean() > 0.9


def test_a_rate_that_was_not_promised_is_a_fault_that_a_reset_mends(rumble):
    rumble.delays[12_345] = rumble.delays[RATE]
    rumble.begin(12_345, 2)
    assert rumble.status & FAULT
    rumble.drain()
    assert "12345 Hz is no sample rate that the effect was made for" in rumble.said[-1]
    rumble.begin(RATE, 2)
    assert rumble.status == READY


def test_it_waits_for_a_host_that_takes_nothing(bundle_of, started):
    shell = started(bundle_of("rumble"), capacity=1 << 14)
    shell.hear(SAYS_READY)
    shell.begin(RATE, 2)
    for _ in range(20):
        shell.latency = 1 << 30  # wait for nothing, take nothing
        shell.play(np.ones((2, 700), np.float32))
    shell._until(lambda: shell._get("<Q", 512) == 14_000)
    assert shell._get("<Q", 576) <= 1 << 14


def test_idle_it_does_nothing(rumble):
    rumble.begin(RATE, 2)

    def busy() -> float:
        with open(f"/proc/{rumble.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    time.sleep(0.1)
    before = busy()
    time.sleep(0.5)
    assert busy() - before < 0.05


def test_it_ends_with_its_host(bundle_of, started):
    shell = started(bundle_of("rumble"))
    shell.hear(SAYS_READY)
    assert shell.close() == -signal.SIGKILL
    early = started(bundle_of("rumble"))
    assert early.close() in (0, -signal.SIGKILL)


def test_whichever_of_its_processes_is_killed_it_is_back_within_a_second_and_ends_with_its_host(
    bundle_of, started
):
    audio = recording(0.2)
    shell = started(bundle_of("rumble"))
    shell.hear(SAYS_READY)
    expected = rendered(Chain([wavemend.Rumble()]), audio, shell.delays[RATE])
    for _ in range(3):
        keeper, _ = shell.roles()
        begin = time.monotonic()
        os.kill(keeper, signal.SIGKILL)
        shell.hear(SAYS_READY)
        assert time.monotonic() - begin < 1
        for _ in range(2):
            shell.roles()
            shell.drain()  # not in the midst of a message
            shell.kill(shell.roles()[1][0])
        shell.roles()
        shell.drain()
    shell.send_state(b"")
    shell.begin(RATE, 2)
    np.testing.assert_array_equal(heard(shell, audio), expected)
    shell.close()
    time.sleep(0.2)
    assert not shell.members()


def test_one_killed_in_the_midst_of_a_message_is_not_gone_on_with(bundle_of, started):
    """Neither side would know where the next message begins."""
    shell = started(bundle_of("rumble"))
    shell.hear(SAYS_READY)
    shell.socket.sendall(bytes([1, 0, 0, 0]))
    shell._epoch, shell._states = 0, 5  # a run that wants a state which has begun to come
    threading.Timer(0.3, os.kill, (min(shell.roles()[1]), signal.SIGKILL)).start()
    with pytest.raises(EngineGoneError):
        shell.begin(RATE, 2)


def test_parameters_that_are_not_known_here_are_left_alone(bundle_of, started):
    """A bundle may be older or newer than what it runs."""
    folder = bundle_of("rumble")
    manifest = (folder / MANIFEST_NAME).read_text()
    new = "parameter\t77\t0\tnumber\t-\tWarmth\t\tlinear\t0.0\t1.0\t0.5\n"
    (folder / MANIFEST_NAME).write_text(manifest + new)
    shell = started(folder)
    shell.hear(SAYS_READY)
    shell.begin(RATE, 2, {"Warmth": 1.0})
    audio = recording(0.2)
    out = [shell.play(audio, {"Warmth": 0.0}), shell.play(np.zeros((2, shell.latency), np.float32))]
    expected = rendered(Chain([wavemend.Rumble()]), audio, shell.latency)
    np.testing.assert_array_equal(np.concatenate(out, axis=1)[:, shell.latency :], expected)


def test_a_bundle_that_is_none_is_said_and_not_tried_again(bundle_of, started):
    folder = bundle_of("rumble")
    (folder / "preset.json").write_text("{}")
    shell = started(folder)
    with pytest.raises(EngineGoneError) as gone:
        shell.hear(SAYS_READY)
    assert gone.value.args == (78,) and "'chain' is missing" in shell.said[-1]


def test_the_learn_switch_has_its_number_for_ever():
    assert LEARN == 1787667758
