"""Who is let in, and what nonsense does: nothing."""

from __future__ import annotations

import gc
import json
import random
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from wavemend.errors import StrictJsonError
from wavemend.host.preview.messages import MESSAGES, parse_message
from wavemend.host.preview.session import Session

from .conftest import HOST, ORIGIN, TOKEN

HARMLESS = {"render", "save_decisions", "learn", "open"}  # which would be done as it is asked
PATHS = [
    "/",
    "/page/main.js",
    "/api/audio/original?start=0&stop=9",
    "/api/peaks/original?start=0&stop=9&columns=3",
]


def told(socket: Any, kind: str) -> dict[str, Any]:
    """Return the next message of a kind."""
    while True:
        message = socket.receive()
        if message.get("text"):
            data: dict[str, Any] = json.loads(message["text"])
            if data["type"] == kind:
                return data


@pytest.mark.parametrize("path", PATHS)
def test_nobody_is_let_in_without_the_token(stranger: TestClient, path: str) -> None:
    assert stranger.get(path).status_code == 403
    for wrong in ("", "x", TOKEN[:-1], TOKEN + "x", "é"):
        assert stranger.get("/", params={"token": wrong}).status_code == 403
    stranger.cookies.set("wavemend-5000", "x", domain="127.0.0.1")
    assert stranger.get(path).status_code == 403


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"}, {"host": f"evil.example:{HOST[-4:]}"}, {"host": "localhost:5000"},
        {"host": "127.0.0.1"},
        {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:5001"},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
    ],
)  # fmt: skip
def test_pages_from_elsewhere_are_refused_token_or_not(
    client: TestClient, path: str, headers: dict[str, str]
) -> None:
    assert client.get(path).status_code == 200
    assert client.get(path, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://evil.example"}, {"origin": ORIGIN, "host": "evil.example"}]
)
def test_a_socket_is_opened_for_the_page_alone(client: TestClient, headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"ws://{HOST}/socket", headers=headers):
        pass
    with client.websocket_connect(f"ws://{HOST}/socket", headers={"origin": ORIGIN}) as socket:
        assert told(socket, "state")["recording"]["name"] == "side.wav"


@pytest.mark.parametrize(
    "path",
    [
        "/page/../app.py", "/page/..%2fapp.py", "/page/%2e%2e/app.py", "/etc/passwd", "/page//etc/passwd",
        "/api/audio/..%2f..%2fetc%2fpasswd?start=0&stop=9", "/api/audio/side.wav?start=0&stop=9", "/docs",
        "/page/",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (400, 404)


def test_the_page_may_load_nothing_from_elsewhere(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert "http" not in answer.text.replace("http-equiv", "")
    assert answer.headers["x-content-type-options"] == "nosniff"
    cookie = client.cookies.jar.__iter__().__next__()
    assert cookie.has_nonstandard_attr("HttpOnly")


def test_files_are_opened_by_the_numbers_of_the_session_alone(client: TestClient, tmp_path: Path) -> None:
    with client.websocket_connect(f"ws://{HOST}/socket", headers={"origin": ORIGIN}) as socket:
        files = told(socket, "state")["files"]
        for wrong in ("../side.wav", str(tmp_path / "other.wav"), "other.wav", files[0]["file"] + "0"):
            socket.send_json({"do": "open", "file": wrong})
            assert "no such file" in told(socket, "error")["error"]
        for name in ("/etc/passwd", "../x", str(tmp_path / "p.json")):
            socket.send_json({"do": "load_preset", "name": name})
            told(socket, "error")
            socket.send_json({"do": "save_preset", "name": name, "overwrite": True})
            told(socket, "error")
        other = next(one["file"] for one in files if one["name"] == "other.wav")
        socket.send_json({"do": "open", "file": other})
        while (told(socket, "state")["recording"] or {}).get("name") != "other.wav":
            pass
    assert not (tmp_path / "p.json").exists()


def nonsense(rng: random.Random) -> str | bytes:
    """Make a message that is damaged in one of many ways; some are still allowed."""
    name = rng.choice(list(MESSAGES))
    values = [
        None, True, -1, 0, 1, 1.5, 1e308, 2**53, 2**80, "", "x", "\x00", "../x", "é" * 300, [], {},
        [[]] * 9, {"a": {}},
        "wavemend.declick", "sensitivity",
    ]  # fmt: skip
    message: dict[str, Any] = {"do": name, **{field: rng.choice(values) for field in MESSAGES[name]}}
    kind = rng.randrange(8)
    if kind == 0:
        message["do"] = rng.choice(values)
    elif kind == 1:
        message[rng.choice(["path", "x", "__class__"])] = rng.choice(values)
    elif kind == 2 and len(message) > 1:
        del message[rng.choice([field for field in message if field != "do"])]
    text = json.dumps(message)
    if kind == 3:
        text = text[: rng.randrange(len(text) + 1)]
    elif kind == 4:
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice(["NaN", "[" * 500, "\ud800", "}", "1e999", '"do":1,']) + text[at:]
    elif kind == 5:
        return rng.randbytes(rng.randrange(1, 200))
    return text


def is_malformed(raw: bytes) -> bool:
    try:
        parse_message(raw)
    except StrictJsonError:
        return True
    return False


def answered(socket: Any, messages: list[bytes], name: str) -> int:
    """Send messages and one more, and read until that is answered; return how many errors came before."""
    for message in messages:
        socket.send_bytes(message)
    socket.send_json({"do": name})
    errors = 0
    while name not in (error := told(socket, "error")["error"]):
        assert "Traceback" not in error
        errors += 1
    return errors


def test_a_thousand_malformed_messages_and_requests_do_nothing(client: TestClient, session: Session) -> None:
    rng = random.Random(20)
    made = [one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one
            for one in (nonsense(rng) for _ in range(1500))]  # fmt: skip
    malformed = [one for one in made if is_malformed(one)][:1000]
    strange = [one for one in made if not is_malformed(one) and json.loads(one)["do"] not in HARMLESS]
    assert len(malformed) == 1000
    assert len(strange) > 50
    threads = threading.active_count()
    with client.websocket_connect(f"ws://{HOST}/socket", headers={"origin": ORIGIN}) as socket:
        while not told(socket, "exact")["exact"] or session.state()["unlearned"]:
            pass
        before = session.history.now
        tracemalloc.start()
        held = []
        for part in range(2):
            some = malformed[500 * part : 500 * part + 500]
            assert answered(socket, some, f"part-{part}") == len(some)
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert held[1] - held[0] < 2**20
        assert session.history.now is before
        answered(socket, strange, "strange")
    for _ in range(300):
        part = rng.choice(["audio", "peaks", "tile", "rows", "spectrum", "x"])
        path = f"/api/{part}/{rng.choice(['original', 'restored', 'x', '%00', '..', 'reference'])}"
        path += rng.choice(["", "/mel", "/mel/9/0", "/mel/-1/0", "/x/9/9", "/mel/26/99999999999", "/log/4/0"])
        query = {
            name: rng.choice(["0", "-1", "9", "1e9", "x", "9" * 40, "", "\u0663"])
            for name in ("start", "stop", "columns")
        }
        assert client.get(path, params=query).status_code in (200, 400, 404)
    assert threading.active_count() <= threads + 2
    with client.websocket_connect(f"ws://{HOST}/socket", headers={"origin": ORIGIN}) as socket:
        assert told(socket, "state")["recording"]["name"] == "side.wav"


def test_samples_columns_and_tiles_come_as_they_are(client: TestClient, session: Session) -> None:
    assert session.opened is not None
    audio = session.opened.recording.read(100, 200)
    answer = client.get("/api/audio/original?start=100&stop=200")
    np.testing.assert_array_equal(np.frombuffer(answer.content, "<f4"), audio[0].astype(np.float32))
    columns = client.get("/api/peaks/original?start=0&stop=1000&columns=10")
    assert columns.headers["x-shape"] == "1,10,2"
    assert client.get("/api/tile/original/mel/8/0").headers["x-shape"] == "256,256"
    assert len(client.get("/api/rows/original/log").json()) == 257
