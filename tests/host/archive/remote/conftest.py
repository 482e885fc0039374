"""A bucket: of fsspec's memory for one process, or behind a real S3 server for several."""

import socket
import subprocess
import sys
import time
import urllib.request
import uuid

import pytest

fsspec = pytest.importorskip("fsspec")


class Bucket:
    """A bucket with the recordings of a folder."""

    def __init__(self, url):
        self.url = url
        self.system, self.root = fsspec.core.url_to_fs(url)

    def put(self, folder, below):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.system.put_file(str(path), f"{self.root}/{below}/{path.relative_to(folder).as_posix()}")

    def files(self, below):
        self.system.invalidate_cache()
        root = f"{self.root}/{below}/"
        names = self.system.find(root.rstrip("/"))
        return {name.removeprefix(root): self.system.cat_file(name) for name in names}

    def write(self, name, data):
        self.system.pipe_file(f"{self.root}/{name}", data)

    def delete(self, name):
        self.system.rm_file(f"{self.root}/{name}")


@pytest.fixture
def memory(source):
    """A bucket in memory, with the recordings of `source` in it."""
    bucket = Bucket(f"memory://bucket-{uuid.uuid4().hex}")
    bucket.put(source, "in")
    yield bucket
    bucket.system.rm(bucket.root, recursive=True)


@pytest.fixture(scope="session")
def server():
    """An S3 server in a process of its own."""
    pytest.importorskip("s3fs")
    pytest.importorskip("moto.server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = "from moto.server import main; import sys; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/moto-api/").close()
            break
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()


@pytest.fixture
def s3(server, source, monkeypatch):
    """A bucket of the server, with the recordings of `source` in it; its address is in the environment."""
    for name, value in (
        ("AWS_ENDPOINT_URL", server),
        ("AWS_ACCESS_KEY_ID", "tests"),
        ("AWS_SECRET_ACCESS_KEY", "tests"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ):
        monkeypatch.setenv(name, value)
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    bucket = Bucket(f"s3://bucket-{uuid.uuid4().hex}")
    bucket.system.mkdir(bucket.root)
    bucket.put(source, "in")
    yield bucket
    s3fs.S3FileSystem.clear_instance_cache()
