"""One watched process: runs the command line many times, on request, and says how each run ended.

A request is a line of JSON on standard input, an answer one on the pipe whose number is the argument.
"""

from __future__ import annotations

import ctypes
import faulthandler
import io
import json
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

_KILOBYTES_A_UNIT = 1 if sys.platform != "darwin" else 1 / 1024
_COMPILING_S = 600.0  # what a first start waits for is no hang
_MOST_BYTES = 4 << 30  # so that a fault costs the machine no more
_QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def _run(program: str, arguments: Sequence[str]) -> tuple[int, str]:
    """Run one command; return its exit code, and the traceback of what escaped it."""
    from wavemend.kernels.compilation.compilation import watched

    sys.argv = ["wavemend", *arguments]
    main = import_module(program).main
    try:
        with watched(lambda name: signal.setitimer(signal.ITIMER_PROF, _COMPILING_S)):
            main()
    except SystemExit as stop:
        return (stop.code if isinstance(stop.code, int) else int(stop.code is not None)), ""
    except BaseException:
        return 1, traceback.format_exc()
    return 0, ""


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    """Run what is asked for with its output in files, as a shell would."""
    os.chdir(request["cwd"])
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), encoding="utf-8")
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), encoding="utf-8", line_buffering=True)
    with Path(request["hung"]).open("w", encoding="utf-8") as hung:
        # A command that takes longer says where it is and ends, in compiled code too.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        faulthandler.register(signal.SIGPROF, hung, chain=True)
        signal.setitimer(signal.ITIMER_PROF, request["seconds"])
        before, began = _begin_peak(), time.process_time()
        code, escaped = _run(request["program"], request["arguments"])
        seconds = time.process_time() - began
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.unregister(signal.SIGPROF)
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).fflush(None)  # what libraries in C printed, as the end of a process does
    peak = _peak_megabytes()
    return {"code": code, "escaped": escaped, "seconds": seconds, "megabytes": peak, "more": peak - before}


def _begin_peak() -> float:
    """Measure the peak of memory anew from here on, where the system can; return what is held now."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # source: proc_pid_clear_refs(5)
    return _peak_megabytes()


def _peak_megabytes() -> float:
    """Return the most memory that this program held."""
    if sys.platform == "linux":  # where `ru_maxrss` begins at what the process that started this one held
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTES_A_UNIT / 1024


def main() -> None:
    """Answer until the other side hangs up."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    warnings.resetwarnings()
    warnings.simplefilter("always")  # each time, not only the first of the process
    for kind in _QUIET:  # as Python itself does for programs
        warnings.simplefilter("ignore", kind)
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as answers:
        for line in sys.stdin:
            answers.write(json.dumps(_answer(json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
