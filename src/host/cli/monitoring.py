"""``wavemend monitor``: a preset over what comes in, to be heard at once.

Heavy modules are imported inside the command, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..processes.interrupts import INTERRUPTED
from .completion import complete_preset
from .output import FAILED, REFUSED, JsonOption, err, fail, one_line, out, print_json, print_table
from .render_options import SettingsOption

if TYPE_CHECKING:
    from ..monitor.live import Live, Meter


def monitor(
    preset: Annotated[
        str | None,
        typer.Argument(
            help="Name of a preset, or path of a preset file.",
            autocompletion=complete_preset,
            show_default=False,
        ),
    ] = None,
    *,
    source: Annotated[
        str, typer.Option("--input", help="Device to hear; part of its name will do.")
    ] = "default",
    target: Annotated[str, typer.Option("--output", help="Device to play to.")] = "default",
    listed: Annotated[bool, typer.Option("--list", help="List the devices of this machine.")] = False,
    settings: SettingsOption = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=4000, max=768_000, help="Hz.", show_default="the device's own"),
    ] = None,
    buffer: Annotated[
        int,
        typer.Option(
            "--buffer", min=32, max=65_536, help="Samples worked on at a time: more is safer, later."
        ),
    ] = 1024,
    channels: Annotated[int, typer.Option("--channels", min=1, max=2, help="Channels of both devices.")] = 2,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0, help="End after so long.", show_default="at Ctrl-C")
    ] = None,
    feedback: Annotated[
        bool, typer.Option("--allow-feedback", help="A microphone may hear its own loudspeaker.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Hear a preset live, between two sound devices; Ctrl-C ends it."""
    from ..monitor import devices  # noqa: PLC0415
    from ..monitor.live import Live, refuse_listeners, run_live  # noqa: PLC0415
    from ..presets.overrides import chain_with  # noqa: PLC0415

    if listed:
        _list(as_json=as_json)
        return
    if preset is None:
        fail("name a preset, or say --list for the devices", REFUSED)
    chain = chain_with(preset, settings or [])
    refuse_listeners(chain)
    known = devices.known_devices()
    one = devices.named(source, "input", known.inputs, known.default_input)
    other = devices.named(target, "output", known.outputs, known.default_output)
    opened = devices.opened(
        one, other, sample_rate=rate, buffer_size=buffer, channels=channels, feedback=feedback
    )
    with opened as stream:
        live = Live(chain, stream.sample_rate, channels)
        stream.ignore_dropped_input = True  # counted, and told
        stream.read()  # what came while kernels were compiled
        if not as_json:
            _begin(live, one, other, buffer)
        meter = run_live(
            stream, live, block_size=buffer, stop=INTERRUPTED,
            seconds=math.inf if seconds is None else seconds,
            tell=_show if err.is_terminal else lambda meter: None,
        )  # fmt: skip
    _end(meter, live, as_json=as_json)


def _list(*, as_json: bool) -> None:
    from ..monitor.devices import known_devices  # noqa: PLC0415

    known = known_devices()
    if as_json:
        print_json(vars(known))
        return
    rows = [
        (kind, name, "default" if name == default else "")
        for kind, names, default in (
            ("input", known.inputs, known.default_input),
            ("output", known.outputs, known.default_output),
        )
        for name in names
    ]
    if not rows:
        fail("this machine has no sound devices; connect one, or load its driver", FAILED)
    print_table(("kind", "device", ""), rows)


def _begin(live: "Live", one: str, other: str, buffer: int) -> None:
    from ..monitor.live import declared_delay  # noqa: PLC0415

    chain, whole = (1000 * value / live.sample_rate for value in (live.latency, declared_delay(live, buffer)))
    out.print(
        f"{one_line(one)} -> {one_line(other)}, {live.sample_rate:g} Hz, {live.channels} channels",
        highlight=False,
    )
    out.print(
        f"declared delay {whole:.1f} ms: {chain:.1f} ms of the chain, the rest of blocks; "
        "the devices' own comes on top. Ctrl-C ends it.",
        highlight=False,
    )


def _show(meter: "Meter") -> None:
    words = (
        f"load {100 * meter.load:3.0f} % (most {100 * meter.peak_load:.0f} %), "
        f"delay {1000 * meter.delay_s:.1f} ms, late {meter.late}, starved {meter.starved}, "
        f"lost {meter.dropped}"
    )
    err.print(f"\r{words}   ", end="", highlight=False)


def _end(meter: "Meter", live: "Live", *, as_json: bool) -> None:
    if as_json:
        facts: dict[str, Any] = vars(meter) | {"declared_s": live.latency / live.sample_rate}
        print_json(facts)
        return
    if err.is_terminal:
        err.print()
    out.print(
        f"{meter.seconds:.1f} s heard; load {100 * meter.load:.0f} %, most {100 * meter.peak_load:.0f} %; "
        f"measured delay {1000 * meter.delay_s:.1f} ms, most {1000 * meter.peak_delay_s:.1f} ms; "
        f"{meter.late} blocks late, output starved {meter.starved} times, {meter.dropped} samples lost",
        highlight=False,
    )
