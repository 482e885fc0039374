"""Packets of a sample dump (MIDI 1.0 detailed specification, sample dump standard), before they are read."""

import os
from typing import BinaryIO

_HEADER_BYTES, _PACKET_BYTES = 21, 127  # source: MIDI Sample Dump Standard, MMA 1986
_BEGINS = b"\xf0\x7e"  # a universal message that is not of real time
_DUMP_HEADER = 1  # source: MIDI Sample Dump Standard
_SAMPLE_BYTES = 120  # source: MIDI Sample Dump Standard; of a packet


def has_damaged_packets(file: BinaryIO) -> bool:
    """Whether an open file is a sample dump in which a packet that it promises does not begin as one."""
    file.seek(0)
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or header[:2] != _BEGINS or header[3] != _DUMP_HEADER:
        return False
    words = 2 if header[6] < 14 else 3 if header[6] < 21 else 4  # bytes of 7 bits a sample
    samples = header[10] | header[11] << 7 | header[12] << 14
    packets = max(-(-samples * words // _SAMPLE_BYTES), 1)
    end = min(file.seek(0, os.SEEK_END), _HEADER_BYTES + packets * _PACKET_BYTES)
    for at in range(_HEADER_BYTES, max(end, _HEADER_BYTES + 1), _PACKET_BYTES):
        file.seek(at)
        begins = file.read(min(len(_BEGINS), max(end - at, 1)))
        if not begins or not _BEGINS.startswith(begins):
            return True
    return False
