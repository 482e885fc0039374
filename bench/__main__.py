"""``python -m bench [TABLE...]``: the tables as markdown on standard output, progress on standard error."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from functools import partial
from importlib import import_module

from rich.console import Console

FINDERS = tuple(f"{kind}_finder" for kind in ("program", "click", "hum", "format", "band", "channel"))
TABLES = (
    "real_clicks",
    "real_crackle",
    "real_harm",
    "real_discs",
    "real_noise",
    "real_hum",
    "real_finders",
    "clicks",
    "crackle",
    "detector",
    "hum",
    "noise",
    "voice",
    "rooms",
    "real_rooms",
    "vinyl",
    "presets",
    "transcripts",
    "words",
    "room_tone",
    "declip",
    "guard",
    "real_guard",
    "suggestion",
    "media",
    *FINDERS,
    "speed",
    "cores",
    "memory",
    "throughput",
    "vst3",
    "vst3_start",
    "bridge",
)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def main() -> int:
    """Print the tables that were asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(TABLES)}; all by default")
    parser.add_argument("--takes", type=int, default=None, help="takes of each kind (8)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each (10)")
    parser.add_argument("--quick", action="store_true", help="two takes, fewer conditions, shorter files")
    parser.add_argument("--long", action="store_true", help="memory up to one hour (15 GB of disk)")
    parser.add_argument(
        "--split", choices=("report", "tuning"), default="report", help="report; or tune on it"
    )
    parser.add_argument(
        "--kinds",
        type=_names,
        default=(),
        help="of real_clicks, real_noise, real_hum, real_finders, real_rooms, real_guard, transcripts",
    )
    parser.add_argument("--routes", type=_names, default=(), help="of the real_ tables: '44.1,MP3 128',...")
    chosen = parser.parse_args()
    if unknown := set(chosen.tables) - set(TABLES):
        parser.error(f"no table {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    _use_one_core()
    if fault := _print_tables(chosen, shlex.join(["python", "-m", "bench", *sys.argv[1:]])):
        parser.error(fault)
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _use_one_core() -> None:
    """Pin this process and its children; before NumPy is loaded, whose threads would keep their own."""
    for name in THREADS:
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _print_tables(chosen: argparse.Namespace, command: str) -> str:
    """Print the tables; return what is wrong with what was chosen, empty where nothing is."""
    # after the process is pinned
    from bench.measuring.plan import ChoiceError, Plan, heading, takes_of  # noqa: PLC0415

    console = Console(stderr=True)
    with console.status("starting") as status:
        plan = Plan(
            count=chosen.takes or (2 if chosen.quick else 8),
            seconds=chosen.seconds,
            quick=chosen.quick,
            long=chosen.long,
            kinds=chosen.kinds,
            routes=chosen.routes,
            split=chosen.split,
            material=partial(takes_of, chosen.split),
            tell=status.update,
        )
        print(heading(plan, command), flush=True)
        for name in chosen.tables or TABLES:
            started = time.perf_counter()
            try:
                for text in import_module(f"bench.tables.{name}").tables(plan):
                    print(f"\n{text}", flush=True)
            except ChoiceError as error:
                return str(error)
            console.print(f"{name}: {time.perf_counter() - started:.0f} s", highlight=False)
    return ""


if __name__ == "__main__":
    sys.exit(main())
