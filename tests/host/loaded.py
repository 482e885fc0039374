"""``python -m tests.host.loaded``: runs the command lines that it is asked for, each in a fork of itself.

A request is a line of JSON on standard input; the answer is the exit code, below 0 for a signal's number.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import sys
import tempfile
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from .recordings import damaged, write


def load() -> None:
    """Do what commands do most, so that its code is in memory; nothing stays open, and no thread runs."""
    from wavemend import analyse, load_preset, render

    with tempfile.TemporaryDirectory(prefix="wavemend-load-") as folder:
        source = write(Path(folder) / "a.wav", damaged(0.5))
        analyse(source, identify=True)
        for preset in ("vinyl", "prepare"):
            render(load_preset(preset), source, Path(folder) / f"{preset}.wav")


def become(request: dict[str, Any]) -> None:
    """Make this process the one that a shell would start, but for what it has loaded."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    for number, name in enumerate((os.devnull, *request["said"])):
        file = os.open(name, os.O_RDONLY if not number else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["wavemend", *request["words"]]
    sys.path[0] = request["cwd"]
    if request["script"]:
        # what is started by it would else look for this module to begin with, as a new user has none
        sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(request["script"], "<script>", "exec"), vars(sys.modules["__main__"]))
    else:
        runpy.run_module("wavemend", run_name="__main__", alter_sys=True)


def leave(request: dict[str, Any]) -> NoReturn:
    """Run what is asked for and end as it does, without taking apart what was loaded: a second."""
    code = 1
    try:
        become(request)
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Answer until the other side hangs up; a fork leaves as its command does."""
    load()
    gc.freeze()  # nothing of it is looked at again, and so copied, in a fork
    for line in sys.stdin:
        child = os.fork()
        if not child:
            leave(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
