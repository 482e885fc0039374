"""One picture of a whole recording: its spectrogram, with what the analysis found marked on it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np

from ...analysis.carrier.bandwidth import Bandwidth
from ...analysis.carrier.clipping import Clipping
from ...analysis.carrier.silences import Silences
from ...analysis.clicks.clicks import Clicks
from ...analysis.hum.found import Hum
from ...analysis.noise.noise_print import NoisePrint
from ...analysis.program.program import KINDS, Program
from ...audio.arrays import Array
from ...audio.clock import clock
from ...kernels.spectra.stft import forward, hann
from ..files.audio_reader import AudioReader
from ..files.source_file import SourceFile
from ..recording.document import RecordingDocument
from ..survey.analyse import Analysis
from .spectrograms import CEILING_DB, FLOOR_DB, new_figure

_COLUMNS = 1200  # tuned: by eye, no record; a column a pixel, about
_ROWS = 320  # tuned: by eye, no record
_WINDOWS_A_COLUMN = 4  # tuned: by eye, no record
_LOWEST_HZ = 20.0  # source: the lower end of hearing
_LABELLED_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 40_000)  # source: the 1-2-5 series
_LANES = ("program", "noise print", "dropouts", "clipping")
_PROGRAM_COLOURS = {"speech": "#4c9be8", "music": "#f0a03c", "both": "#8bbf6a"}
_MARK, _CLICK = "#7fe0d0", "#d62f2f"
# Halo of words on the spectrogram, whose colours run from black to yellow.
# tuned: by eye, no record
_BEHIND = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "boxstyle": "round,pad=0.15"}
# Ticks of the time axis, seconds: what people count in.
# source: how people divide a minute and an hour
_TIME_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_MOST_TIME_STEPS = 12  # tuned: by eye, no record


def draw_findings(
    page: Analysis, source: SourceFile, document: RecordingDocument | None, picture: BinaryIO
) -> None:
    """Draw the recording behind `page` as PNG into the open binary file `picture`.

    Above, the power of all channels over time and frequency, with the band limits and the harmonics of hum
    that were found; below it clicks and crackle a minute over time, and a lane for each other thing that has
    a place in time. Constant memory: the recording is read once more.

    Parameters
    ----------
    page
        From `analyse`.
    source
        The file that it is of, still open.
    document
        The recording's document, whose trim, prints and events are marked too; None: there is none.
    picture
        Where to.

    Raises
    ------
    WavemendError
        matplotlib is not installed.
    AudioFileError
        The recording cannot be read any more, or changed since.
    """
    figure = new_figure(width=13, height=8)
    above, clicks, below = figure.subplots(3, 1, sharex=True, height_ratios=[5, 1, 1.2])
    _draw_spectrogram(figure, above, page, source)
    _mark_band(above, page)
    _mark_hum(above, page)
    _draw_clicks(clicks, cast(Clicks, page.findings["clicks"]))
    _fill_lanes(below, page)
    if document:
        _mark_decisions((above, clicks, below), document)
    _label_times(below, page.frames / page.format.sample_rate)
    for axes in (clicks, below):
        axes.grid(axis="x", alpha=0.3)
    figure.savefig(picture, dpi=110, metadata={"Software": None})


def _draw_spectrogram(figure: Any, axes: Any, page: Analysis, source: SourceFile) -> None:
    spectrogram = _spectrogram(page, source)
    edges_hz = spectrogram.edges_hz
    image = axes.pcolormesh(
        spectrogram.edges_s, edges_hz, spectrogram.levels_dbfs,
        vmin=FLOOR_DB, vmax=CEILING_DB, cmap="magma", rasterized=True,
    )  # fmt: skip
    axes.set(yscale="log", ylabel="Hz", ylim=(_LOWEST_HZ, edges_hz[-1]))
    shown = [hz for hz in _LABELLED_HZ if hz < edges_hz[-1]]
    axes.set_yticks(shown, [f"{hz / 1000:g}k" if hz >= 1000 else f"{hz}" for hz in shown])
    axes.minorticks_off()
    axes.set_title(
        textwrap.shorten(f"{page.source.name}: {page.suggestion.summary()}", 120),
        loc="left",
        parse_math=False,
    )
    an_octave = _ROWS / np.log2(edges_hz[-1] / edges_hz[0])
    figure.colorbar(image, ax=axes, label=f"dBFS in bands of 1/{an_octave:.0f} octave", pad=0.01)


@dataclass(frozen=True)
class _Spectrogram:
    """Levels, shape (bands, columns), between edges in seconds and Hz."""

    edges_s: Array
    edges_hz: Array
    levels_dbfs: Array


def _spectrogram(page: Analysis, source: SourceFile) -> _Spectrogram:
    """Average a few frames a column, spread over it, in bands of equal ratio."""
    rate, frames = page.format.sample_rate, max(page.frames, 1)
    size = 4096 if rate < 64_000 else 8192
    column = max(-(-frames // _COLUMNS), size // 4)
    window = hann(size)
    scale = 2 / np.sum(window) ** 2
    bins = np.fft.rfftfreq(size, 1 / rate)
    edges_hz = np.geomspace(_LOWEST_HZ, rate / 2, _ROWS + 1)
    # a band narrower than a bin shows the bin that it lies in
    low = np.clip(np.searchsorted(bins, edges_hz[:-1]), 1, bins.size - 1)
    high = np.maximum(np.searchsorted(bins, edges_hz[1:]), low + 1)
    bounds = np.stack([low, high], axis=1).ravel()
    columns: list[Array] = []
    before = np.zeros((page.format.channels, size))
    with AudioReader(source) as reader:
        for block in reader.blocks(column):
            samples = np.concatenate([before, block], axis=1)  # the frames end in this column
            before = samples[:, -size:]
            ends = np.linspace(size, samples.shape[1], min(_WINDOWS_A_COLUMN, block.shape[1]) + 1)[1:]
            power = [
                np.abs(forward(samples[:, int(end) - size : int(end)], window, size)[:, 0]) ** 2
                for end in ends
            ]
            mean = np.mean(power, axis=(0, 1)) * scale
            columns.append(np.add.reduceat(np.append(mean, 0.0), bounds)[::2])
    edges_s = np.minimum(np.arange(len(columns) + 1) * column, frames) / rate
    return _Spectrogram(edges_s, edges_hz, 10 * np.log10(np.stack(columns, axis=1) + 1e-15))


def _mark_band(axes: Any, page: Analysis) -> None:
    """Dashed lines at the ends of the program's band, named at the right."""
    bandwidth = cast(Bandwidth, page.findings["bandwidth"])
    if not bandwidth.found:
        return
    for edge, name, side in ((bandwidth.upper_hz, "upper", "bottom"), (bandwidth.lower_hz, "lower", "top")):
        known = edge[(edge > _LOWEST_HZ) & (edge < 0.995 * bandwidth.nyquist_hz)]
        if known.size:
            axes.axhline(known.max(), color=_MARK, linestyle="--", linewidth=1)
            _name(axes, f"{name} limit {known.max():.0f} Hz", 0.995, known.max(), ha="right", va=side)


def _mark_hum(axes: Any, page: Analysis) -> None:
    """Ticks at both ends of the harmonics, so that what sounds at them stays to be seen."""
    hum = cast(Hum, page.findings["hum"])
    if not hum.found:
        return
    for harmonic in hum.harmonic.tolist():
        for side in ((0.0, 0.012), (0.988, 1.0)):
            axes.plot(
                side, [harmonic * hum.frequency_hz] * 2, transform=axes.get_yaxis_transform(),
                color=_MARK, linewidth=1,
            )  # fmt: skip
    _name(axes, f"hum {hum.frequency_hz:.2f} Hz", 0.016, hum.frequency_hz, ha="left", va="center")


def _name(axes: Any, words: str, share: float, hertz: float, **place: str) -> None:
    """Write words at a share of the picture's width and at a frequency."""
    axes.annotate(
        words, (share, hertz), xycoords=axes.get_yaxis_transform(),
        color=_MARK, fontsize=8, bbox=_BEHIND, **place,
    )  # fmt: skip


def _draw_clicks(axes: Any, clicks: Clicks) -> None:
    """Impulses a minute as steps over time; their mean is what the page tells."""
    density = clicks.density_per_minute
    if density.size:
        edges_s = np.arange(density.size + 1) * clicks.column_s
        axes.stairs(density, edges_s, fill=True, color=_CLICK)
    axes.set(ylim=(0, max(1.1 * density.max(initial=0.0), 1.0)), ylabel="clicks\na minute")
    axes.locator_params(axis="y", nbins=4, integer=True)


def _fill_lanes(axes: Any, page: Analysis) -> None:
    findings = page.findings
    program = cast(Program, findings["program"])
    kinds = [KINDS[kind] for kind in program.kind]
    for start, end, kind in zip(program.start_s, program.end_s, kinds, strict=True):
        if colour := _PROGRAM_COLOURS.get(kind):
            axes.broken_barh([(start, end - start)], (-0.35, 0.7), color=colour)
    _name_colours(axes, {kind: c for kind, c in _PROGRAM_COLOURS.items() if kind in kinds})
    noise = cast(NoisePrint, findings["noise"])
    heard = list(zip(noise.start_s, noise.end_s - noise.start_s, strict=True))
    axes.broken_barh(heard, (_LANES.index("noise print") - 0.35, 0.7), color="#3f9d8d")
    _points(axes, "dropouts", cast(Silences, findings["silences"]).gap_start_s)
    _points(axes, "clipping", cast(Clipping, findings["clipping"]).start_s)
    axes.set(ylim=(len(_LANES) - 0.5, -0.5), yticks=range(len(_LANES)), yticklabels=_LANES)


def _name_colours(axes: Any, colours: dict[str, str]) -> None:
    """Say beside the lanes what the colours of the first one mean."""
    for index, (kind, colour) in enumerate(colours.items()):
        axes.annotate(
            kind, (1.01, 0.98 - 0.22 * index), xycoords="axes fraction", va="top", fontsize=8,
            bbox={"facecolor": colour, "edgecolor": "none", "boxstyle": "round,pad=0.2"},
        )  # fmt: skip


def _points(axes: Any, lane: str, times: Array) -> None:
    axes.plot(times, np.full(times.size, _LANES.index(lane)), "|", color=_CLICK, markersize=12)


def _mark_decisions(all_axes: tuple[Any, Any, Any], document: RecordingDocument) -> None:
    """Trim as lines through everything, print ranges as frames, vetoed events as x and forced ones as +."""
    _, clicks, lanes = all_axes
    rate = document.audio.sample_rate
    if document.trim:
        for axes in all_axes:
            for edge in (document.trim.position, document.trim.stop):
                axes.axvline(edge / rate, color=_MARK, linewidth=1.2)
    for span in document.print_ranges:
        lanes.broken_barh(
            [(span.position / rate, span.length / rate)], (_LANES.index("noise print") - 0.42, 0.84),
            facecolor="none", edgecolor="black",
        )  # fmt: skip
    for events, marker in ((document.vetoed_events, "x"), (document.forced_events, "+")):
        times = [event.mark.position / rate for event in events]
        clicks.plot(
            times, [0.85] * len(times), marker, transform=clicks.get_xaxis_transform(),
            color="black", markersize=5,
        )  # fmt: skip


def _label_times(axes: Any, seconds: float) -> None:
    """Ticks at round times, each written once: minutes and seconds, hours where there are any."""
    coarse = [step for step in _TIME_STEPS_S if seconds / step <= _MOST_TIME_STEPS]
    step = (
        coarse[0] if coarse else _TIME_STEPS_S[-1] * np.ceil(seconds / _TIME_STEPS_S[-1] / _MOST_TIME_STEPS)
    )
    ticks = np.arange(0.0, seconds, step)
    axes.set(xlim=(0, seconds), xticks=ticks, xlabel="hours:minutes" if step >= 3600 else "minutes:seconds")
    axes.set_xticklabels([_time(float(tick), step) for tick in ticks])


def _time(seconds: float, step: float) -> str:
    """Return a tick's time: ``1:02:30``, ``2:30`` or, between seconds, ``0:02.5``."""
    if step >= 3600:
        return f"{round(seconds / 3600)}:00"
    written = clock(round(10 * seconds), 10)
    return written[:-2] if step < 1 else written.partition(".")[0]
