"""Sessions, and the application over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from wavemend import Chain, Declick, Denoise
from wavemend.host.presets.preset import Preset
from wavemend.host.preview.app import build
from wavemend.host.preview.files import Shelf
from wavemend.host.preview.session import Session
from wavemend.host.rendering.options import RenderOptions

from ..vst3.requirements import skip_or_fail
from .worn import worn, write_worn

TOKEN, PORT = "a-token", 5000
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    source = write_worn(tmp_path / "side.wav", worn(4.0))
    write_worn(tmp_path / "other.wav", worn(1.0))
    session = Session(
        Shelf(tmp_path, [source]), Preset("Gentle", "", Chain([Declick(), Denoise()])), RenderOptions()
    )
    session.open(source)
    yield session
    session.close()


@pytest.fixture
def client(session: Session) -> Iterator[TestClient]:
    """Return a client that was let in."""
    with TestClient(build(session, TOKEN, PORT), base_url=ORIGIN) as client:
        assert client.get(f"/?token={TOKEN}").status_code == 200
        yield client


@pytest.fixture
def stranger(session: Session) -> Iterator[TestClient]:
    with TestClient(build(session, TOKEN, PORT), base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start a browser, once for all tests of a file."""
    from .browser import CHROMIUM, chromium  # needs Playwright

    if CHROMIUM is None:
        skip_or_fail("chromium is not installed: `apt-get install --no-install-recommends chromium`")
    with chromium() as browser:
        yield browser
