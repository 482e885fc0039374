"""Which loudspeaker each channel of a WAVE_FORMAT_EXTENSIBLE file is for, kept to the bit."""

from typing import BinaryIO

from .chunks import RIFF, Chunk, ChunkList

FLAC_MASK_KEY = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"  # RFC 9639, 8.6.2
_EXTENSIBLE = b"\xfe\xff"
# source: Microsoft's WAVEFORMATEXTENSIBLE; in the fmt chunk: the mask, then a GUID, the coding first
_MASK_AT, _KIND_AT, _END = 20, 26, 40
# source: RFC 9639, section 9.1.3
_FLAC_MASKS = {1: 0x4, 2: 0x3, 3: 0x7, 4: 0x33, 5: 0x607, 6: 0x60F, 7: 0x70F, 8: 0x63F}
# source: RFC 9639, section 9.1.3; the same with loudspeakers behind instead of beside
_FLAC_BACK_MASKS = {5: 0x37, 6: 0x3F}


def _extensible(file: BinaryIO, listed: ChunkList | None) -> tuple[Chunk, bytes] | None:
    if listed is None or listed.style is not RIFF:
        return None
    for chunk in listed.chunks:
        if chunk.identifier == b"fmt " and chunk.size >= _END:
            file.seek(chunk.start)
            payload = file.read(_END)
            return (chunk, payload) if payload[:2] == _EXTENSIBLE else None
    return None


def copy_loudspeakers(old: BinaryIO, theirs: ChunkList, new: BinaryIO, ours: ChunkList) -> None:
    """Give a finished WAV the mask and the kind (ambisonic, say) of its source, none invented."""
    source, target = _extensible(old, theirs), _extensible(new, ours)
    if source and target:
        new.seek(target[0].start + _MASK_AT)
        new.write(source[1][_MASK_AT : _MASK_AT + 4])
        new.seek(target[0].start + _KIND_AT)
        new.write(source[1][_KIND_AT:_END])


def flac_mask(old: BinaryIO, theirs: ChunkList | None) -> str | None:
    """Return a WAV's mask as FLAC's tag has it; None where FLAC means the same without one."""
    found = _extensible(old, theirs)
    if found is None:
        return None
    channels = int.from_bytes(found[1][2:4], "little")
    mask = int.from_bytes(found[1][_MASK_AT : _MASK_AT + 4], "little")
    usual = (_FLAC_MASKS.get(channels), _FLAC_BACK_MASKS.get(channels))
    return None if mask in usual else f"0x{mask:04X}"
