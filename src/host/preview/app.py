"""What the page fetches, and the socket that it and the session talk through."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from contextlib import suppress
from importlib.resources import files
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from ...audio.arrays import Audio
from ...errors import ParameterError, WavemendError
from ..storage.json_text import json_text
from .commands import obey
from .guard import Guard
from .messages import parse_message
from .opened import Opened
from .peaks import columns_of
from .session import Session
from .spectra import long_term
from .tiles import COLUMNS, LEAST_LEVEL, MOST_LEVEL, row_edges, tile

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_MOST_COLUMNS = 4096  # guard: of one picture
_MOST_AUDIO_S = 61.0  # guard: samples of one answer
_MOST_WAITING = 600  # guard: messages for a page that does not take them


def build(session: Session, token: str, port: int) -> ASGIApp:
    """Return the application, guarded."""
    page = {
        entry.name: entry.read_bytes() for entry in files("wavemend.host.preview").joinpath("page").iterdir()
    }
    answers = _Answers(session, page)
    routes = [
        Route("/", answers.page),
        Route("/page/{name}", answers.page),
        Route("/api/audio/{version}", answers.audio),
        Route("/api/peaks/{version}", answers.peaks),
        Route("/api/tile/{version}/{scale}/{level:int}/{index:int}", answers.tile),
        Route("/api/rows/{version}/{scale}", answers.rows),
        Route("/api/spectrum/{version}", answers.spectrum),
        WebSocketRoute("/socket", answers.socket),
    ]
    return Guard(Starlette(routes=routes, exception_handlers={WavemendError: _refused}), token, port)


async def _refused(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", 400)


class _Answers:
    """Answers, one a path."""

    def __init__(self, session: Session, page: dict[str, bytes]) -> None:
        self._session, self._page = session, page

    async def page(self, request: Request) -> Response:
        """Give a file of the page."""
        name = request.path_params.get("name", "index.html")
        if name not in self._page:
            return PlainTextResponse("there is no such page\n", 404)
        return Response(self._page[name], media_type=_TYPES.get(name.rpartition(".")[2], "text/plain"))

    def _opened(self, version: str) -> Opened:
        """Return the recording that a version is read from; raises `ParameterError`."""
        session = self._session
        whole = session.whole if session.whole.edit is session.history.now else None
        found = {
            "original": session.opened,
            "reference": session.reference,
            "restored": whole.restored if whole else None,
            "removed": whole.removed if whole else None,
        }
        if version not in found:
            raise ParameterError(f"there is no version {version!r}")
        opened = found[version] or (session.opened if version in ("restored", "removed") else None)
        if opened is None:
            raise ParameterError("no recording is open")
        return opened

    def _is_live(self, version: str, opened: Opened) -> bool:
        return version in ("restored", "removed") and opened is self._session.opened

    def _live(self, version: str, start: int, stop: int) -> tuple[Audio, int]:
        """Return what was rendered of a stretch, and its first sample; nothing where nothing was."""
        made = self._session.rendered(start, stop)
        if made is None:
            channels = self._session.opened.recording.channels if self._session.opened else 1
            return np.zeros((channels, 0)), start
        piece = made.piece
        return (piece.restored if version == "restored" else piece.removed), piece.start

    async def audio(self, request: Request) -> Response:
        """Give samples of a stretch, float32, channel after channel."""
        opened = self._opened(request.path_params["version"])
        start, stop = _stretch(request, opened.recording.frames)
        if stop - start > _MOST_AUDIO_S * opened.recording.rate:
            raise ParameterError(f"at most {_MOST_AUDIO_S:g} s are given at once")
        audio = await run_in_threadpool(opened.recording.read, start, stop)
        return _samples(audio, True)

    async def peaks(self, request: Request) -> Response:
        """Give columns of a waveform, float32, shape (channels, columns, 2)."""
        version = request.path_params["version"]
        opened = self._opened(version)
        start, stop = _stretch(request, opened.recording.frames)
        count = min(_number(request, "columns", 1, _MOST_COLUMNS), stop - start)
        self._session.looked_at = time.monotonic()
        if not self._is_live(version, opened):
            return _samples(*await run_in_threadpool(opened.peaks.columns, start, stop, count))
        audio, first = await run_in_threadpool(self._live, version, start, stop)
        edges = np.linspace(start, stop, count + 1).astype(np.int64)
        columns = np.full((opened.recording.channels, count, 2), np.nan, np.float32)
        inside = (edges[:-1] >= first) & (edges[1:] <= first + audio.shape[1])
        if inside.any():
            columns[:, inside] = columns_of(audio, first, edges)[:, inside]
        return _samples(columns, bool(inside.all()))

    async def tile(self, request: Request) -> Response:
        """Give a tile of a spectrogram: levels as bytes."""
        version, scale = request.path_params["version"], _scale(request)
        level, index = request.path_params["level"], request.path_params["index"]
        opened = self._opened(version)
        recording = opened.recording
        self._session.looked_at = time.monotonic()
        size = COLUMNS << level if LEAST_LEVEL <= level <= MOST_LEVEL else 0
        if not size or index * size >= recording.frames:
            raise ParameterError("there is no such tile")
        read, exact = recording.read, True
        if self._is_live(version, opened):
            margin = recording.rate  # of a window
            first, last = max(index * size - margin, 0), min((index + 1) * size + margin, recording.frames)
            audio, begin = await run_in_threadpool(self._live, version, first, last)
            exact = begin <= index * size and begin + audio.shape[1] >= min(
                (index + 1) * size, recording.frames
            )

            def read(start: int, stop: int) -> Audio:
                whole = np.zeros((recording.channels, max(stop - start, 0)))
                low, high = max(start, begin), min(stop, begin + audio.shape[1])
                if high > low:
                    whole[:, low - start : high - start] = audio[:, low - begin : high - begin]
                return whole

        made = await run_in_threadpool(
            tile, read, recording.rate, recording.frames, scale=scale, level=level, index=index
        )
        return _samples(made, exact)

    async def rows(self, request: Request) -> Response:
        """Give the frequencies between the rows of tiles, lowest first."""
        edges = row_edges(_scale(request), self._opened(request.path_params["version"]).recording.rate)
        return Response(json.dumps([round(float(edge), 2) for edge in edges]), media_type="application/json")

    async def spectrum(self, request: Request) -> Response:
        """Give the long-term spectrum of a version."""
        version = request.path_params["version"]
        opened = self._opened(version)
        if self._is_live(version, opened):
            start, stop, _ = self._session.listened
            audio, _ = await run_in_threadpool(self._live, version, start, stop)
            found = await run_in_threadpool(
                long_term, lambda a, b: audio[:, a:b], opened.recording.rate, audio.shape[1]
            )
        else:
            size = opened.recording
            found = await run_in_threadpool(long_term, size.read, size.rate, size.frames)
        return Response(json_text(found), media_type="application/json")

    async def socket(self, socket: WebSocket) -> None:
        """Talk with one page until it is closed."""
        await socket.accept()
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[tuple[dict[str, Any], bytes]] = asyncio.Queue()

        def sender(message: dict[str, Any], data: bytes) -> None:
            with suppress(RuntimeError):  # the loop ends before the threads do
                loop.call_soon_threadsafe(waiting.put_nowait, (message, data))

        await run_in_threadpool(self._session.join, sender)
        speaking = asyncio.create_task(_speak(socket, waiting))
        try:
            while True:
                told = await socket.receive()
                if told["type"] == "websocket.disconnect":
                    break
                await self._obey(told.get("text") or told.get("bytes") or b"", sender)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._session.leave(sender)
            speaking.cancel()

    async def _obey(self, raw: str | bytes, sender: Any) -> None:
        try:
            await run_in_threadpool(obey, self._session, parse_message(raw))
        except (WavemendError, OSError) as error:
            sender({"type": "error", "error": str(error)}, b"")


async def _speak(socket: WebSocket, waiting: asyncio.Queue[tuple[dict[str, Any], bytes]]) -> None:
    """Send what waits: JSON alone as text, samples behind their JSON."""
    while True:
        message, data = await waiting.get()
        if waiting.qsize() > _MOST_WAITING:
            await socket.close(1013)
            return
        try:
            if not data:
                await socket.send_text(json_text(message))
                continue
            head = json_text(message).encode()
            head += b" " * (-len(head) % 4)
            await socket.send_bytes(struct.pack("<I", len(head)) + head + data)
        except (WebSocketDisconnect, RuntimeError):
            return


def _samples(array: Any, exact: bool) -> Response:
    kept = array if array.dtype == np.uint8 else array.astype("<f4")
    headers = {"x-exact": str(int(exact)), "x-shape": ",".join(map(str, kept.shape))}
    return Response(kept.tobytes(), media_type="application/octet-stream", headers=headers)


def _stretch(request: Request, frames: int) -> tuple[int, int]:
    start = _number(request, "start", 0, frames - 1)
    return start, min(_number(request, "stop", start + 1, 1 << 53), frames)


def _number(request: Request, name: str, low: int, high: int) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and low <= int(text) <= high):
        raise ParameterError(f"{name} must be a whole number from {low} to {high}")
    return int(text)


def _scale(request: Request) -> Any:
    scale = request.path_params["scale"]
    if scale not in ("linear", "log", "mel"):
        raise ParameterError("the scale is linear, log or mel")
    return scale
