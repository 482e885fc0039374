"""Kill an effect's engine at random moments, a hundred times: ``python -m tests.hosts.kills``.

Half of the times the host plays live, half it renders. Which of the engine's processes is killed is left to
chance as well: the one that works, its keeper, the one that stands by, or all of them. The host is the tests'
own, with the shell inside as it is built for use; the engine is the real one.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from wavemend.host.export.effects import effect_of

from tests.host.export.bundles import Host, built, exported, living
from tests.host.export.material import recording, rendered

RATE = 8_000
BLOCK = 64
SECONDS = 4.0
MOST_RECOVERY_S = 1.0
ROLES = ("keeper", "worker", "standby", "all")
OFTEN = (4, 4, 1, 1)
WHOLE = sorted(ROLES[:3])
MUST_FAIL = ("worker", "all")
"""A worker lives on for as long as its keeper takes to die, tens of milliseconds, and may end a rendering."""
FAILED = "4"


def main() -> int:
    """Kill as often as was asked for; 1 where the host did anything that it should not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--effect", default="declick", help="one that need not listen first")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    chance = random.Random(wanted.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        binary = exported(wanted.effect, folder, built(folder))
        bad = [*live(binary, chance, wanted.times // 2)]
        bad += offline(wanted.effect, folder, binary, chance, wanted.times - wanted.times // 2)
    print("\n".join(["", *bad] if bad else ["", "the host lived on; no dry sound passed as restored"]))
    return int(bool(bad))


def live(binary: Path, chance: random.Random, times: int) -> list[str]:
    """Kill while the host plays; say what took longer than it may."""
    bad, took = [], defaultdict(list)
    with Host(binary, recording(SECONDS, RATE)) as host:
        host.start(rate=RATE, mode=0)
        until_whole(host)
        for turn in range(times):
            killed = Kill(host, chance)
            killed.after(chance.uniform(0, 0.5))
            _, dry = host.live(BLOCK, int(2.0 * RATE / BLOCK), "unheard")
            recovery = max(dry - killed.at(), 0.0)
            took[killed.role].append(recovery)
            again = host.live(BLOCK, int(0.2 * RATE / BLOCK), "unheard")[1]
            if killed.role != "all" and (recovery > MOST_RECOVERY_S or again):
                bad.append(f"live, {turn}: {recovery:.2f} s after its {killed.role} was killed")
            until_whole(host)
        group = host.engines()[0]
        host.kill()
        time.sleep(0.5)
        bad += [f"process {pid} outlived the host" for pid in roles_in(group)]
    for role, seconds in took.items():
        after = f", the last dry block after {median(seconds):.3f} s (median), {max(seconds):.3f} s (most)"
        print(f"live     {role:<8}{len(seconds):>4} times{after if role != 'all' else ', started anew'}")
    return bad


def offline(what: str, folder: Path, binary: Path, chance: random.Random, times: int) -> list[str]:
    """Kill while the host renders; say what was neither the rendering nor silence with an error."""
    bad, ended = [], defaultdict(list)
    effect, audio = effect_of(what), recording(SECONDS, RATE)
    expected, _ = rendered(effect.preset, audio, RATE, folder)
    delay = effect.delays[RATE]
    blocks = audio.shape[1] // BLOCK
    surely = delay.reported // BLOCK + 2  # no engine has done as many beforehand
    expected = np.concatenate([np.zeros((2, delay.reported), np.float32), expected], axis=1)
    results = []
    with Host(binary, audio) as host:
        host.start(rate=RATE)
        until_whole(host)
        for turn in range(times):
            host.ask("seek", 0)
            killed, codes = Kill(host, chance), []
            at = chance.randrange(1, blocks - surely)
            for block in range(blocks):
                if block == at:
                    killed.after(chance.uniform(0, 0.0005))
                codes.append(host.ask("process", BLOCK, 2).split()[0])
                if block == blocks - surely:
                    killed.at()
            results.append(codes)
            ended[killed.role].append(FAILED in codes)
            if FAILED not in codes and killed.role in MUST_FAIL:
                bad.append(f"offline, {turn}: no error after its {killed.role} was killed")
            host.ask("active", 0)
            host.ask("active", 1)
            until_whole(host)
        heard = host.end()
    for turn, codes in enumerate(results):
        out = heard[:, turn * blocks * BLOCK :][:, : blocks * BLOCK]
        bad += [f"offline, {turn}: {why}" for why in wrong(codes, out, expected[:, : blocks * BLOCK])]
    for role, failed in ended.items():
        print(f"offline  {role:<8}{len(failed):>4} times, {sum(failed)} renderings failed")
    return bad


def wrong(codes: list[str], out: Any, expected: Any) -> list[str]:
    """Return what is wrong with a rendering whose blocks ended with these codes."""
    failed = codes.index(FAILED) if FAILED in codes else len(codes)
    whole = failed * BLOCK
    return [
        *(["it went on after an error"] if set(codes[failed:]) - {FAILED} else []),
        *(["other codes"] if set(codes[:failed]) - {"0"} else []),
        *([] if np.array_equal(out[:, :whole], expected[:, :whole]) else ["it is not the rendering"]),
        *(["sound beside an error"] if out[:, whole:].any() else []),
    ]


class Kill:
    """One kill, of whom chance chooses.

    Attributes
    ----------
    role
        Who it is.
    """

    def __init__(self, host: Host, chance: random.Random) -> None:
        [self.role], self._time = chance.choices(ROLES, OFTEN), 0.0
        roles = roles_in(host.engines()[0])
        self._chosen = [pid for pid, role in roles.items() if self.role in (role, "all")]
        self._timer = threading.Timer(0, self._kill)

    def after(self, seconds: float) -> None:
        """Do it in a while."""
        self._timer.interval = seconds
        self._timer.start()

    def at(self) -> float:
        """Wait until it is done; return when it was, by the clock that only goes forward."""
        self._timer.join()
        return self._time

    def _kill(self) -> None:
        self._time = time.monotonic()
        for pid in self._chosen:
            os.kill(pid, signal.SIGKILL)


def roles_in(group: int) -> dict[int, str]:
    """Return the living processes of an engine, and what each does by the lock that it holds."""
    found = dict.fromkeys(living(group), "standby")
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if words[1] == "POSIX" and int(words[4]) in found:
            found[int(words[4])] = ROLES[int(words[6])]
    return found


def until_whole(host: Host) -> None:
    """Wait until the engine is ready, and whoever of it may be killed is there."""
    ends = time.monotonic() + 120
    while host.word() != "ready" or sorted(roles_in(host.engines()[0]).values()) != WHOLE:
        if time.monotonic() > ends:
            raise RuntimeError(f"the engine is not back: {host.errors.read_text()[-400:]}")
        time.sleep(0.02)
    time.sleep(0.1)  # until its word that it is ready has come, if it has just taken its place


if __name__ == "__main__":
    sys.exit(main())
