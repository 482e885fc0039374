"""One picture of a whole recording: its spectrogram, with what the analysis found marked on it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from ..analysis.bandwidth import Bandwidth
from ..analysis.clicks import STRETCH_SECONDS, Clicks
from ..analysis.clipping import Clipping
from ..analysis.hum import Hum
from ..analysis.noise_print import NoisePrint
from ..analysis.program import KINDS, Program
from ..analysis.silences import Silences
from ..kernels.stft import forward, hann
from .analyse import Analysis
from .document import RecordingDocument
from .files.audio_reader import AudioReader
from .picture import CEILING_DB, FLOOR_DB, new_figure

Array = npt.NDArray[np.float64]

_COLUMNS = 1200
_ROWS = 320
_WINDOWS_A_COLUMN = 4
_LOWEST_HZ = 20.0
_LABELLED_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 40_000)
_LANES = ("program", "noise print", "clicks", "dropouts", "clipping")
_PROGRAM_COLOURS = {"speech": "#4c9be8", "music": "#f0a03c", "both": "#8bbf6a"}
_MARK, _CLICK = "#7fe0d0", "#ff5a5a"


def draw_findings(page: Analysis, document: RecordingDocument | None, picture: BinaryIO) -> None:
    """Draw the recording behind `page` as PNG into the open binary file `picture`.

    Above, the power of all channels over time and frequency, with the band limits and hum that were found;
    below, a lane for each thing that has a place in time. Constant memory: the recording is read once more.

    Parameters
    ----------
    page
        From `analyse`.
    document
        The recording's document, whose trim, prints and events are marked too; None: there is none.
    picture
        Where to.

    Raises
    ------
    WavemendError
        matplotlib is not installed.
    AudioFileError
        The recording cannot be read any more.
    """
    figure = new_figure(width=13, height=7.5)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    spectrogram = _spectrogram(page)
    image = above.pcolormesh(
        spectrogram.edges_s, spectrogram.edges_hz, spectrogram.levels_dbfs,
        vmin=FLOOR_DB, vmax=CEILING_DB, cmap="magma", rasterized=True,
    )  # fmt: skip
    above.set(yscale="log", ylabel="Hz", ylim=(_LOWEST_HZ, spectrogram.edges_hz[-1]))
    shown = [hz for hz in _LABELLED_HZ if hz < spectrogram.edges_hz[-1]]
    above.set_yticks(shown, [f"{hz / 1000:g}k" if hz >= 1000 else f"{hz}" for hz in shown])
    above.set_title(
        textwrap.shorten(f"{page.source.name}: {page.suggestion.summary()}", 120),
        loc="left",
        parse_math=False,
    )
    figure.colorbar(image, ax=above, label="dBFS a band", pad=0.01)
    _mark_frequencies(above, page)
    _fill_lanes(below, page)
    if document:
        _mark_decisions(above, below, document)
    below.set(
        xlabel="minutes:seconds", xlim=(0, page.frames / page.format.sample_rate),
        ylim=(len(_LANES) - 0.5, -0.5), yticks=range(len(_LANES)), yticklabels=_LANES,
    )  # fmt: skip
    below.xaxis.set_major_formatter(lambda seconds, _: f"{int(seconds) // 60}:{seconds % 60:02.0f}")
    below.grid(axis="x", alpha=0.3)
    figure.savefig(picture, dpi=110, metadata={"Software": None})


@dataclass(frozen=True)
class _Spectrogram:
    """Levels, shape (bands, columns), between edges in seconds and Hz."""

    edges_s: Array
    edges_hz: Array
    levels_dbfs: Array


def _spectrogram(page: Analysis) -> _Spectrogram:
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
    with AudioReader(page.source) as reader:
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


def _mark_frequencies(axes: Any, page: Analysis) -> None:
    bandwidth, hum = cast(Bandwidth, page.findings["bandwidth"]), cast(Hum, page.findings["hum"])
    if bandwidth.found:
        for edge, name in ((bandwidth.upper_hz, "upper"), (bandwidth.lower_hz, "lower")):
            known = edge[(edge > _LOWEST_HZ) & (edge < 0.995 * bandwidth.nyquist_hz)]
            if known.size:
                axes.axhline(known.max(), color=_MARK, linestyle="--", linewidth=1)
                axes.annotate(
                    f"{name} limit {known.max():.0f} Hz", (0.995, known.max()), ("axes fraction", "data"),
                    color=_MARK, ha="right", va="bottom", fontsize=8,
                )  # fmt: skip
    if hum.found:
        for harmonic in hum.harmonic.tolist():
            axes.axhline(harmonic * hum.frequency_hz, color=_MARK, linestyle=":", linewidth=0.8)
        axes.annotate(
            f"hum {hum.frequency_hz:.2f} Hz", (0.005, hum.frequency_hz), ("axes fraction", "data"),
            color=_MARK, va="bottom", fontsize=8,
        )  # fmt: skip


def _fill_lanes(axes: Any, page: Analysis) -> None:
    findings = page.findings
    program = cast(Program, findings["program"])
    for start, end, kind in zip(program.start_s, program.end_s, program.kind, strict=True):
        if colour := _PROGRAM_COLOURS.get(KINDS[kind]):
            axes.broken_barh([(start, end - start)], (-0.3, 0.6), color=colour)
            axes.annotate(
                KINDS[kind], (start, 0), (3, 0), textcoords="offset points", va="center", fontsize=7
            )
    _spans(axes, "noise print", _starts_and_lengths(cast(NoisePrint, findings["noise"])), _MARK)
    clicks = cast(Clicks, findings["clicks"])
    if clicks.found:
        worst = [(start, STRETCH_SECONDS) for start in clicks.worst_start_s.tolist()]
        _spans(axes, "clicks", worst, _CLICK)
        for start, rate in zip(clicks.worst_start_s, clicks.worst_per_minute, strict=True):
            axes.annotate(
                f"{rate:.0f}/min", (start + STRETCH_SECONDS / 2, _LANES.index("clicks")),
                ha="center", va="center", fontsize=7,
            )  # fmt: skip
    silences = cast(Silences, findings["silences"])
    _points(axes, "dropouts", silences.gap_start_s)
    _points(axes, "clipping", cast(Clipping, findings["clipping"]).start_s)


def _starts_and_lengths(noise: NoisePrint) -> list[tuple[float, float]]:
    return list(zip(noise.start_s, noise.end_s - noise.start_s, strict=True))


def _spans(axes: Any, lane: str, spans: list[tuple[float, float]], colour: str) -> None:
    axes.broken_barh(spans, (_LANES.index(lane) - 0.3, 0.6), color=colour)


def _points(axes: Any, lane: str, times: Array) -> None:
    axes.plot(times, np.full(times.size, _LANES.index(lane)), "|", color=_CLICK, markersize=14)


def _mark_decisions(above: Any, below: Any, document: RecordingDocument) -> None:
    rate = document.audio.sample_rate
    if document.trim:
        for edge in (document.trim.position, document.trim.stop):
            above.axvline(edge / rate, color="white", linewidth=1.2)
    for span in document.print_ranges:
        below.broken_barh(
            [(span.position / rate, span.length / rate)], (_LANES.index("noise print") - 0.4, 0.8),
            facecolor="none", edgecolor="black",
        )  # fmt: skip
    for events, marker in ((document.vetoed_events, "x"), (document.forced_events, "+")):
        times = [event.mark.position / rate for event in events]
        below.plot(times, [_LANES.index("clicks")] * len(times), marker, color="black", markersize=5)
