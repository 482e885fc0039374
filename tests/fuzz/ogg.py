"""Pages of an Ogg stream (RFC 3533, 6), whose check sums are made right again after a change."""

from __future__ import annotations

from collections.abc import Iterator

_HEADER_BYTES = 27
_SERIAL, _CRC = slice(14, 18), slice(22, 26)


def _table() -> list[int]:
    table = []
    for value in range(256):
        crc = value << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 * (crc >> 31)) & 0xFFFFFFFF
        table.append(crc)
    return table


_TABLE = _table()


def pages(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each page begins and ends; stop where none begins."""
    at = 0
    while data[at : at + 4] == b"OggS" and at + _HEADER_BYTES <= len(data):
        segments = data[at + _HEADER_BYTES : at + _HEADER_BYTES + data[at + 26]]
        end = at + _HEADER_BYTES + len(segments) + sum(segments)
        yield at, min(end, len(data))
        at = end


def mended(data: bytes) -> bytes:
    """Return a stream whose pages have the right check sums."""
    made = bytearray(data)
    for start, stop in pages(data):
        page = made[start:stop]
        page[_CRC] = bytes(4)
        crc = 0
        for byte in page:
            crc = (crc << 8 & 0xFFFFFFFF) ^ _TABLE[crc >> 24 ^ byte]
        page[_CRC] = crc.to_bytes(4, "little")
        made[start:stop] = page
    return bytes(made)


def renumbered(data: bytes) -> bytes:
    """Return a stream with the serial number 1: libsndfile takes it from a clock."""
    made = bytearray(data)
    for start, _ in pages(data):
        made[start + _SERIAL.start : start + _SERIAL.stop] = (1).to_bytes(4, "little")
    return mended(bytes(made))
