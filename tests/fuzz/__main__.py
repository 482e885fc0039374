"""``python -m tests.fuzz``: thousands of mutations; exit code 1 where one has a fault."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

from .campaign import campaign
from .kinds import KINDS


def main() -> int:
    """Mutate, judge, tell of each fault in a line, and sum up."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all")
    parser.add_argument("--count", type=int, default=2000, help="mutations of each kind (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="other mutations for another (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="index to begin with (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (%(default)s)")
    parser.add_argument(
        "--kept", type=Path, default=Path("build/fuzz"), help="files of faults go here (%(default)s)"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.kinds) - set(KINDS):
        parser.error(f"no such kind: {', '.join(sorted(unknown))}; choose of {', '.join(KINDS)}")
    faulty = 0
    for name in chosen.kinds or KINDS:
        began, codes = time.monotonic(), Counter[int | None]()
        cases, failed, seconds, megabytes, more = 0, 0, 0.0, 0.0, 0.0
        indices = range(chosen.first, chosen.first + chosen.count)
        for judged in campaign(KINDS[name], chosen.seed, indices, jobs=chosen.jobs, kept=chosen.kept):
            cases += 1
            codes += judged.codes
            seconds, megabytes = max(seconds, judged.seconds), max(megabytes, judged.megabytes)
            more = max(more, judged.more)
            if judged.faults:
                failed += 1
                print(judged.line(), flush=True)
        told = ", ".join(f"{count} of code {code}" for code, count in sorted(codes.items(), key=str))
        print(
            f"{name}, seed {chosen.seed}, from {chosen.first}: {cases} mutations, {failed} with faults; "
            f"commands: {told}; at most {seconds:.1f} s of processor and {megabytes:.0f} MB, "
            f"{more:.0f} of them more than before; took {time.monotonic() - began:.0f} s",
            flush=True,
        )
        faulty += failed
    return int(faulty > 0)


if __name__ == "__main__":
    sys.exit(main())
