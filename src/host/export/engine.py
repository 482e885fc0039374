"""The process in which an effect's stages run: ``python -m wavemend.host.export.engine``, for its shell.

::

    shell, in the host             memory that both share               engine
    what the host plays     -----> input ring, events by sample  -----> Session: Player, Rack
    what the host hears     <----- output ring, sample on sample <-----

It begins to say that it is ready when everything has run once. It ends with its host, however that ends.
Three processes are one engine: the one that the shell starts warms up and has a fork of itself do the work,
and another stand by for its own end, so that any one that is killed is replaced within milliseconds.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
from pathlib import Path
from typing import NoReturn

from ..processes.lifeline import die_with_the_host, leave_no_core_file

_NEVER_AGAIN = 3  # source: the shell's transport: it is not started again


def main() -> None:
    """Be the engine of one effect."""
    memory, control, lifeline = (int(word) for word in sys.argv[1:4])
    die_with_the_host(lifeline, spawned_by_main_thread=False)
    ended = select.poll()
    ended.register(lifeline, 0)
    if ended.poll(0):  # before its end could be told of
        sys.exit(0)
    leave_no_core_file()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host
    # As in `wavemend render`: arithmetic libraries that share a sum among threads give other last bits.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    _serve(memory, control, Path(sys.argv[4]))


def _serve(memory: int, control: int, resources: Path) -> NoReturn:
    from ...errors import WavemendError  # noqa: PLC0415 - heavy; the lifeline comes first
    from .keeper import keep_at_work  # noqa: PLC0415
    from .messages import Messages  # noqa: PLC0415
    from .serving import Server  # noqa: PLC0415

    messages = Messages(control)
    try:
        server = Server.open(memory, messages, resources)
        gc.collect()
        gc.freeze()  # what is there stays: a collection looks at what came later alone
        keep_at_work(server.serve)
    except EOFError:
        sys.exit(0)
    except WavemendError as error:  # the bundle is not for this wavemend
        messages.say(str(error))
        sys.exit(_NEVER_AGAIN)


if __name__ == "__main__":
    main()
