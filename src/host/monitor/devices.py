"""Sound devices by their names, opened by pedalboard."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pedalboard.io

from ...errors import DeviceError

DEFAULT = "default"
"""What stands for the device that the system would choose."""


@dataclass(frozen=True)
class Devices:
    """Names of the devices of this machine, and which ones the system would choose; None: none."""

    inputs: list[str]
    outputs: list[str]
    default_input: str | None
    default_output: str | None


def known_devices() -> Devices:
    """Return the sound devices of this machine."""
    stream = pedalboard.io.AudioStream
    return Devices(
        list(stream.input_device_names),
        list(stream.output_device_names),
        stream.default_input_device_name,
        stream.default_output_device_name,
    )


def named(wanted: str, kind: str, names: list[str], default: str | None) -> str:
    """Return the name of the device that `wanted` means: ``default``, its name, or words that one name holds.

    Raises
    ------
    DeviceError
        There is none, or several.
    """
    if not names:
        raise DeviceError(f"this machine has no sound device for {kind}; connect one, and see monitor --list")
    if wanted == DEFAULT:
        return default or names[0]
    found = [name for name in names if name == wanted] or [
        name for name in names if wanted.casefold() in name.casefold()
    ]
    if len(found) != 1:
        which = "several devices are" if found else "no device is"
        raise DeviceError(f"{which} called {wanted!r} for {kind}; there are: {', '.join(found or names)}")
    return found[0]


def opened(
    source: str, target: str, *, sample_rate: float | None, buffer_size: int, channels: int, feedback: bool
) -> AbstractContextManager[Any]:
    """Open two devices by their exact names; the stream runs while it is entered.

    Raises
    ------
    DeviceError
        The system does not give them, or not with that rate and buffer.
    """
    try:
        stream: AbstractContextManager[Any] = pedalboard.io.AudioStream(
            source,
            target,
            sample_rate=sample_rate,
            buffer_size=buffer_size,
            allow_feedback=feedback,
            num_input_channels=channels,
            num_output_channels=channels,
        )
    except (ValueError, RuntimeError) as error:
        raise DeviceError(
            f"{source} and {target} cannot be opened: {error}; try another --rate, --buffer or --channels"
        ) from error
    return stream
