"""The process in which an effect's stages run: ``python -m wavemend.host.export.engine``, for its shell.

::

    shell, in the host             memory that both share               engine
    what the host plays     -----> input ring, events by sample  -----> Session: Player, Rack
    what the host hears     <----- output ring, sample on sample <-----

It begins to say that it is ready when everything has run once. It ends with its host, however that ends.
On Linux three processes are one engine: the one that the shell starts warms up and has a fork of itself do
the work, and another stand by for its own end; any one that is killed is replaced within milliseconds.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .transport import Transport

_NEVER_AGAIN = 78  # source: the shell's transport, sysexits.h: it is not started again


def main() -> None:
    """Be the engine of one effect."""
    transport = _arrive(sys.argv[1:-1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host
    # As in `wavemend render`: arithmetic libraries that share a sum among threads give other last bits.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    _serve(transport, Path(sys.argv[-1]))


def _arrive(words: Sequence[str]) -> Transport:
    """Take what the shell has handed to this process, as its arguments name it, and end with the host."""
    if sys.platform == "win32":
        from .transport_windows import WindowsTransport  # noqa: PLC0415 - not on every platform

        return WindowsTransport(words)
    from .transport_linux import LinuxTransport  # noqa: PLC0415 - not on every platform

    return LinuxTransport(words)


def _serve(transport: Transport, resources: Path) -> NoReturn:
    from ...errors import WavemendError  # noqa: PLC0415 - heavy; the lifeline comes first
    from .messages import Messages  # noqa: PLC0415
    from .serving import Server  # noqa: PLC0415

    messages = Messages(transport)
    try:
        server = Server.open(transport, messages, resources)
        gc.collect()
        gc.freeze()  # what is there stays: a collection looks at what came later alone
        transport.keep_at_work(server.serve)
    except EOFError:
        sys.exit(0)
    except WavemendError as error:  # the bundle is not for this wavemend
        messages.say(str(error))
        sys.exit(_NEVER_AGAIN)


if __name__ == "__main__":
    main()
