"""Serves the page on 127.0.0.1, until Ctrl-C."""

from __future__ import annotations

import logging
import secrets
import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec

from ...errors import WavemendError
from .session import Session

_NEEDED = ("starlette", "uvicorn", "websockets")


def require_packages() -> None:
    """Raise `WavemendError` where what serves the page is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise WavemendError(
            f"the preview needs {', '.join(missing)}; install with: pip install 'wavemend[preview]'"
        )


def serve(session: Session, tell: Callable[[str], None], *, browser: bool = True, port: int = 0) -> None:
    """Serve a session until Ctrl-C.

    Parameters
    ----------
    session
        What the page works on; it is closed in the end.
    tell
        Given the address, with its token.
    browser
        Whether to open it.
    port
        To listen at; 0: one that is free.

    Raises
    ------
    WavemendError
        The port cannot be had.
    """
    import uvicorn  # noqa: PLC0415 - an optional dependency

    from .app import build  # noqa: PLC0415
    from .messages import MOST_BYTES  # noqa: PLC0415

    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of every page that is closed
    token = secrets.token_urlsafe(32)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen()  # so that who is told the address may ask at once
        except OSError as error:
            raise WavemendError(f"port {port} cannot be had: {error.strerror}; leave --port out") from None
        number = listening.getsockname()[1]
        config = uvicorn.Config(
            build(session, token, number),
            ws="websockets-sansio",
            ws_max_size=MOST_BYTES,
            log_level="error",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        address = f"http://127.0.0.1:{number}/?token={token}"
        tell(address)
        if browser:
            webbrowser.open(address)
        try:
            with suppress(KeyboardInterrupt):  # which is how one ends it
                server.run(sockets=[listening])
        finally:
            session.close()
