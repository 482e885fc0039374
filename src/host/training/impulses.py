"""A click detector of one's own: the packaged judge, its last layer fitted to an engineer's decisions.

What a veto covers is no click, what was forced is one. Of a few dozen such decisions no whole network can be
learned, but the last layer can: it is a logistic regression on what the layers before it hear. A Gaussian
prior around the packaged weights keeps them where the decisions say nothing, and the packaged judge's own
opinions of other candidates are further examples, so that the rest stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from ...analysis.clicks.judge import MODEL, Candidate, ImpulseJudge
from ...audio.arrays import Array
from ...contract.marks import Mark
from ...errors import DocumentError, ModelError
from ...inference.own import METADATA
from ...inference.packaged import model, packaged_bytes
from ..chain.progress import READ_BLOCK
from ..files.audio_reader import AudioReader
from ..recording.document import RecordingDocument
from ..recording.document_files import SUFFIX, load_document, recording_name
from ..recording.reading import identify
from ..storage.publishing import published

STAGES = ("wavemend.declick", "wavemend.decrackle")
LEAST_DECISIONS = 8  # guard: fewer than so many fit anything
FOLDS = 5  # source: Hastie, Tibshirani and Friedman, Elements of Statistical Learning, 2009, sec. 7.10
_NEAR_S = 0.5e-3  # tuned: by hand, no record; what lies so near a mark is meant by it
_BYSTANDERS = 2000  # guard: a recording's candidates that nothing was decided about, at most
_BYSTANDER_WEIGHT = 1.0  # tuned: by hand, no record; of all of them together, beside all decisions
# tuned: by hand, no record; standard deviation of a weight, as a part of the packaged weights' own
_PRIOR = 8.0

Told = Callable[[float, str], None]


@dataclass(frozen=True)
class Heard:
    """What the last layer hears of candidates, and what they are.

    Attributes
    ----------
    hidden
        Shape (n, inputs).
    label
        1 for a click, 0 for none; between them where it is the packaged judge's opinion, shape (n,).
    weight
        What each counts, shape (n,).
    decision
        Number of the decision that each belongs to, -1 for none, shape (n,).
    """

    hidden: Array
    label: Array
    weight: Array
    decision: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trained:
    """A model of one's own, and how well it obeys.

    Attributes
    ----------
    stored
        The ONNX file.
    decisions, recordings
        How many it was fitted to.
    unheard
        Decisions about what is not even a candidate: no threshold and no training reaches them.
    obeyed_before, obeyed_after
        Shares of the decisions that the packaged model and this one agree with; the latter measured on
        decisions that were left out of the fit.
    """

    stored: bytes
    decisions: int
    recordings: int
    unheard: int
    obeyed_before: float
    obeyed_after: float


def fit_impulses(
    documents: Sequence[Path], recordings: Path | None = None, *, seed: int = 0, told: Told | None = None
) -> Trained:
    """Fit a model to what recording documents decide.

    Parameters
    ----------
    documents
        Recording documents with vetoed and forced events.
    recordings
        Folder of the recordings; None: each lies beside its document.
    seed
        Draws the candidates that stand for the rest, and the parts of the cross-validation.
    told
        Called with the share done (0 to 1) and what is being done.

    Raises
    ------
    DocumentError
        A document cannot be used, belongs to other audio, or all of them decide too little.
    AudioFileError
        A recording cannot be read.
    ModelError
        The package ``onnx`` is missing.
    """
    head = _Head.packaged()
    draw = np.random.default_rng(seed)
    heard: list[Heard] = []
    unheard = count = 0
    for number, path in enumerate(documents):
        if told:
            told(number / len(documents), path.name)
        if not path.name.endswith(SUFFIX):
            raise DocumentError(f"{path}: is no recording document; those end in {SUFFIX}")
        document = load_document(path)
        recording = (recordings or path.parent) / recording_name(path, document)
        found = _listen(recording, path, document, count, draw)
        marks = _decisions(document)
        unheard += len(marks) - len(np.unique(found.decision[found.decision >= 0]))
        if len(found.label):
            heard.append(found)
        count += len(marks)
    if count - unheard < LEAST_DECISIONS:
        raise DocumentError(
            f"{count} vetoed and forced events, {unheard} of them about what is no candidate: at least "
            f"{LEAST_DECISIONS} are needed; decide more (wavemend document)"
        )
    everything = Heard(*(np.concatenate([getattr(one, name) for one in heard]) for name in vars(heard[0])))
    before = _obeyed(everything, head.weights, head.threshold)
    after = _cross_validated(everything, head, draw)
    fitted = _fit(everything, head.weights)
    return Trained(head.with_weights(fitted), count, len(documents), unheard, before, after)


def _decisions(document: RecordingDocument) -> list[tuple[Mark, float]]:
    told = [(event, 0.0) for event in document.vetoed_events]
    told += [(event, 1.0) for event in document.forced_events]
    return [(event.mark, label) for event, label in told if event.stage in STAGES]


def _listen(
    recording: Path, path: Path, document: RecordingDocument, first: int, draw: np.random.Generator
) -> Heard:
    """Judge a recording; return the candidates that its decisions are about, and some others."""
    marks = _decisions(document)
    decided: list[tuple[Candidate, int]] = []
    others: list[Candidate] = []
    passed = 0
    with AudioReader(recording) as reader:
        document.for_audio(identify(reader), str(path))
        rate = reader.format.sample_rate
        judge = ImpulseJudge(rate, reader.format.channels)
        where = _Marks(marks, round(_NEAR_S * rate))

        def take(candidates: Sequence[Candidate]) -> None:
            nonlocal passed
            for one in candidates:
                which = where.about(one)
                if which is not None:
                    decided.append((one, which))
                elif len(others) < _BYSTANDERS:
                    others.append(one)
                elif (place := int(draw.integers(passed + 1))) < _BYSTANDERS:  # algorithm R, Vitter 1985
                    others[place] = one
                passed += which is None

        for block in reader.blocks(READ_BLOCK):
            take(judge.push(block))
        take(judge.finish())
    decided = _meant(decided, marks)
    labels = [marks[which][1] for _, which in decided]
    numbers = np.array([which for _, which in decided], np.int64)
    share = 1.0 / np.maximum(np.bincount(numbers, minlength=len(marks)), 1)
    light = _BYSTANDER_WEIGHT * len(marks) / max(len(others), 1)
    return Heard(
        hidden=np.array([one.hidden for one in [*(c for c, _ in decided), *others]], np.float64),
        label=np.array([*labels, *(one.probability for one in others)]),
        weight=np.concatenate([share[numbers], np.full(len(others), light)]),
        decision=np.concatenate([numbers + first, np.full(len(others), -1)]),
    )


def _meant(
    decided: Sequence[tuple[Candidate, int]], marks: Sequence[tuple[Mark, float]]
) -> list[tuple[Candidate, int]]:
    """Return every candidate that a veto covers, and of those under a forced event the likeliest.

    A click has a wake, and only one of its candidates has to be believed.
    """
    likeliest: dict[int, float] = {}
    for one, which in decided:
        likeliest[which] = max(likeliest.get(which, 0.0), one.probability)
    return [
        (one, which)
        for one, which in decided
        if marks[which][1] == 0.0 or one.probability == likeliest[which]
    ]


class _Marks:
    """Where decisions are, to look up which one a candidate is about."""

    def __init__(self, marks: Sequence[tuple[Mark, float]], near: int) -> None:
        self._starts = np.array([mark.position - near for mark, _ in marks], np.int64)
        self._stops = np.array([mark.position + mark.length + near for mark, _ in marks], np.int64)
        self._channels = np.array([-1 if m.channel is None else m.channel for m, _ in marks], np.int64)

    def about(self, one: Candidate) -> int | None:
        """Return the number of the first decision that a candidate is about; None where there is none."""
        hit = (self._starts <= one.place) & (one.place < self._stops)
        hit &= (self._channels < 0) | (self._channels == one.channel)
        return int(np.argmax(hit)) if hit.any() else None


def _fit(heard: Heard, start: Array) -> Array:
    """Return weights of least logistic loss under the prior around `start`, shape (inputs + 1,)."""
    spread = _PRIOR * float(np.std(start[:-1]))
    inputs = np.column_stack([heard.hidden, np.ones(len(heard.hidden))])

    def loss(weights: Array) -> tuple[float, Array]:
        logit = inputs @ weights
        each = np.logaddexp(0.0, logit) - heard.label * logit
        gradient = inputs.T @ (heard.weight * (expit(logit) - heard.label))
        off = (weights - start) / spread
        return float(heard.weight @ each + 0.5 * off @ off), gradient + off / spread

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


def _obeyed(heard: Heard, weights: Array, threshold: float) -> float:
    """Return the share of decisions that are agreed with: a veto by all its candidates, a force by one."""
    own = heard.decision >= 0
    above = expit(heard.hidden[own] @ weights[:-1] + weights[-1]) >= threshold
    decision, label = heard.decision[own], heard.label[own]
    numbers, first = np.unique(decision, return_index=True)
    any_above = np.array([above[decision == number].any() for number in numbers])
    return float(np.mean(any_above == (label[first] > 0.5)))


def _cross_validated(heard: Heard, head: _Head, draw: np.random.Generator) -> float:
    """Return the share of decisions obeyed by models that were fitted without them."""
    numbers = np.unique(heard.decision[heard.decision >= 0])
    shares = []
    for part in np.array_split(draw.permutation(numbers), min(FOLDS, len(numbers))):
        left_out = np.isin(heard.decision, part)
        weights = _fit(_chosen(heard, ~left_out), head.weights)
        shares.append(len(part) * _obeyed(_chosen(heard, left_out), weights, head.threshold))
    return float(sum(shares) / len(numbers))


def _chosen(heard: Heard, which: npt.NDArray[np.bool_]) -> Heard:
    return Heard(*(values[which] for values in vars(heard).values()))


@dataclass(frozen=True)
class _Head:
    """The judge's file, and its last layer's weights for the logit: inputs, then bias."""

    graph: Any
    names: tuple[str, str]
    weights: Array
    threshold: float

    @classmethod
    def packaged(cls) -> _Head:
        try:
            import onnx  # noqa: PLC0415 -- an extra
        except ImportError:
            raise ModelError("training needs the package onnx; run: pip install 'wavemend[train]'") from None
        graph = onnx.load_from_string(packaged_bytes(MODEL))
        layer = next(node for node in graph.graph.node if "hidden" in node.input)
        _, weight, bias = layer.input
        values = {one.name: onnx.numpy_helper.to_array(one) for one in graph.graph.initializer}
        row = np.append(values[weight][0], values[bias][0]).astype(np.float64)
        return cls(graph, (weight, bias), row, model(MODEL).settings["threshold"])

    def with_weights(self, row: Array) -> bytes:
        import onnx  # noqa: PLC0415

        graph = onnx.ModelProto()
        graph.CopyFrom(self.graph)
        for constant in graph.graph.initializer:
            if constant.name in self.names:
                values = onnx.numpy_helper.to_array(constant).copy()
                values[0] = row[:-1] if values.ndim == 2 else row[-1]
                constant.CopyFrom(onnx.numpy_helper.from_array(values, constant.name))
        said = {"like": MODEL, "settings": dict(model(MODEL).settings)}
        onnx.helper.set_model_props(graph, {METADATA: json.dumps(said)})
        return bytes(graph.SerializeToString(deterministic=True))


def save_model(trained: Trained, path: Path, *, overwrite: bool = False) -> None:
    """Write the model's file, whole or not at all; raises `AudioFileError` where it is there already."""
    with published(path, overwrite=overwrite) as part:
        part.write_bytes(trained.stored)
