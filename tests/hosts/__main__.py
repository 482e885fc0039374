"""Play effects in other people's hosts and compare bytes: ``python -m tests.hosts [HOST ...]``.

Each host has an environment of its own below ``build/hosts``, into which it is installed from PyPI; Ardour 7
comes from Debian. A host that cannot be installed is said, and makes the run fail.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from . import ardour
from .jobs import EFFECTS, Job, prepare, write_job

HERE = Path(__file__).parent
FROM_PYPI = ("minihost", "dawdreamer")
HOSTS = (*FROM_PYPI, "ardour")
GOOD = ("exact", "as set")
_SECONDS_A_JOB = 1800


def main() -> int:
    """Run what was asked for; 1 where anything differs, or a host could not be installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hosts", nargs="*", metavar="HOST", help=", ".join(HOSTS))
    parser.add_argument("--effects", nargs="+", choices=EFFECTS, default=list(EFFECTS))
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the recording")
    parser.add_argument("--folder", type=Path, default=Path("build/hosts"))
    wanted = parser.parse_args()
    if unknown := set(wanted.hosts) - set(HOSTS):
        parser.error(f"{', '.join(sorted(unknown))}: no such host; there are {', '.join(HOSTS)}")
    hosts = {host: _ready(host, wanted.folder) for host in wanted.hosts or HOSTS}
    bad = [f"{host}: {why}" for host, why in hosts.items() if why]
    for what in wanted.effects:
        job = prepare(what, wanted.folder / what, wanted.seconds)
        for host in (host for host, why in hosts.items() if not why):
            verdicts = _played(job, host, wanted.folder, wanted.seconds)
            for case, verdict in verdicts.items():
                print(f"{host:<12}{what:<16}{case:<8}{verdict}", flush=True)
                bad += [f"{host}: {what}, {case}: {verdict}"] if verdict not in GOOD else []
    print("\n".join(["", *bad] if bad else ["", "every sample is that of a rendering"]))
    return int(bool(bad))


def _ready(host: str, folder: Path) -> str:
    """Install a host where it is not; say why that failed, empty where it did not."""
    if host == "ardour":
        if not ardour.installed() and shutil.which("apt-get") and os.geteuid() == 0:
            subprocess.run(
                ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "ardour"], check=False
            )
        return "" if ardour.installed() else "not installed: apt-get install --no-install-recommends ardour"
    python = _python(host, folder)
    if not python.exists():
        venv.create(python.parents[1], with_pip=True)
    command = [python, "-m", "pip", "install", "--quiet", host, "soundfile", "numpy"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else f"cannot be installed: {run.stderr.strip()[-200:]}"


def _python(host: str, folder: Path) -> Path:
    return (folder / f"venv-{host}" / "bin" / "python").absolute()


def _played(job: Job, host: str, folder: Path, seconds: float) -> dict[str, str]:
    try:
        if host == "ardour":
            return ardour.play(job, seconds)
        shutil.rmtree(job.folder / host, ignore_errors=True)
        command = [_python(host, folder), HERE / f"{host}_driver.py", write_job(job, host)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS_A_JOB, check=False)
        failed = {"run": f"ended with {run.returncode}: {run.stderr[-300:]}"} if run.returncode else {}
        return job.played(host) | failed
    except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
        return {"run": str(error)[-400:]}


if __name__ == "__main__":
    sys.exit(main())
