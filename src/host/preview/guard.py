"""Who may ask: this machine's browser, with the token, from the page itself; everybody else is refused.

A page from elsewhere may have a browser send requests here, and may even have its own name point at
127.0.0.1 (DNS rebinding). So the token, the host and the origin are checked of each request.
"""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_REFUSED = 4403  # source: RFC 6455, 7.4.2, codes for private use


class Guard:
    """Lets requests through to `app` that come from the page.

    Parameters
    ----------
    app
        What answers.
    token
        Secret of this session; in the address once, then in a cookie.
    port
        That is listened at.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._host = f"127.0.0.1:{port}"
        self._cookie = f"wavemend-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        why = self._refusal(scope, Headers(scope=scope))
        if why:
            await self._refuse(scope, receive, send, why)
            return
        if scope["type"] == "http" and self._shows_token(scope):
            response = RedirectResponse("/", 303, headers=_HEADERS)
            response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
            await response(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> str:
        if headers.getlist("host") != [self._host]:
            return "wrong host"
        origins = headers.getlist("origin")
        if origins not in ([], [f"http://{self._host}"]) or (scope["type"] == "websocket" and not origins):
            return "wrong origin"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "wrong origin"
        if not (self._shows_token(scope) or self._has_cookie(headers)):
            return "no token; open the address that wavemend printed"
        return ""

    def _shows_token(self, scope: Scope) -> bool:
        given = scope.get("query_string", b"")
        there = scope["path"] == "/" and given.startswith(b"token=")
        return there and secrets.compare_digest(given.removeprefix(b"token="), self._token.encode())

    def _has_cookie(self, headers: Headers) -> bool:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return morsel is not None and secrets.compare_digest(morsel.value.encode(), self._token.encode())

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send, why: str) -> None:
        answer: Any = PlainTextResponse(f"refused: {why}\n", 403, headers=_HEADERS)
        if scope["type"] == "websocket":
            answer = WebSocketClose(_REFUSED, why)
        await answer(scope, receive, send)
