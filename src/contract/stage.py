"""The stage contract: settings, findings and stream, kept apart.

- A `Stage` holds **settings** alone: cheap, comparable, picklable, with pedalboard's surface over it.
- **Findings** are what one recording's analysis found: plain data from a push-style `Analyser`.
- A `Stream` is the running state of one recording, on a snapshot of the settings.

An author writes parameters, a `Processor`, and where needed an `Analyser`; everything else is here and in
`stream`. All that an author needs is in `wavemend.authoring`.
"""

from __future__ import annotations

import enum
import re
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Never, Self

import numpy.typing as npt

from ..audio.arrays import Audio
from ..audio.checks import check_channels, check_rate
from ..audio.layout import to_planar
from ..errors import NotLearned, ParameterError
from .findings import Analyser, Findings
from .marks import NO_MARKS, Mark, Marks
from .parameters.constructor import by_schema
from .parameters.fingerprint import fingerprint
from .parameters.number import integer, number
from .parameters.parametric import Parametric
from .parameters.switch import switch
from .parameters.words import choice
from .stream import Event, Framing, Processor, Sink, Stream
from .surface import Surface, through

__all__ = [
    "Analyser", "Audio", "Event", "Findings", "Framing", "Mark", "Marks", "Processor", "RepairStage", "Sink",
    "Stage", "Step", "Stream", "choice", "fingerprint", "integer", "number", "switch",
]  # fmt: skip

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


class Step(enum.IntEnum):
    """Place in the order of restoration; a later step must not come before an earlier one."""

    PREPARE = 0
    CLICKS = 1
    HUM = 2
    BROADBAND = 3
    FILL = 4
    EQ = 5
    LIMIT = 6


class Stage(Parametric, Surface):
    """A restoration stage that behaves like one of pedalboard's plugins.

    Class attributes, all of them the author's:

    id
        Namespaced and stable for ever, such as ``"wavemend.declick"``.
    name
        Display name.
    place
        `Step` in the order of restoration.
    repairs
        Whether it removes damage alone: nothing found, nothing changed. Subclass `RepairStage` for it.
    findings_type
        Class of the findings that a stream needs from a whole recording first; None: it needs none. Whether
        it still needs them says the property `needs_findings`.
    takes_marks
        Whether a person may veto and force single events; see `Marks`.
    version
        Grows with every change that makes old values sound different; see `upgrade`.
    draft
        Whether its sound may still change while `version` stays: presets and people are told. A stage that
        is finished is none for ever, and begins with a version that no draft had.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    place: ClassVar[Step]
    repairs: ClassVar[bool] = False
    findings_type: ClassVar[type[Findings] | None] = None
    takes_marks: ClassVar[bool] = False
    draft: ClassVar[bool] = False

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        identifier = vars(cls).get("id")
        if identifier is not None and not _ID.fullmatch(identifier):
            raise TypeError(f"{cls.__name__}.id={identifier!r} must be namespaced, like 'wavemend.declick'")
        if cls.repairs and "output" not in cls.schema:
            raise TypeError(
                f"{cls.__name__}.repairs is True, but it is no RepairStage: subclass that, whose parameter "
                "`output` gives what was removed"
            )

    @by_schema
    def __init__(self, /, *unnamed: Never, **values: Any) -> None:
        super().__init__(*unnamed, **values)
        self._findings: Findings | None = None
        Surface.__init__(self)

    # -- what an author writes ---------------------------------------------------------------------

    @abstractmethod
    def framing(self, sample_rate: float) -> Framing:
        """Frame size and latency; they may depend on the rate and on ``restart`` parameters alone."""

    @abstractmethod
    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """Open the signal processing of one recording; `self` is a snapshot that nobody else changes."""

    def analyser(self, sample_rate: float, channels: int) -> Analyser[Any]:
        """Open an analyser for one recording; only for stages with a `findings_type`."""
        raise NotImplementedError(f"{type(self).__name__} needs no findings")

    def check_marks(self, marks: Marks, sample_rate: float, channels: int) -> None:
        """Raise `ParameterError` where a forced event cannot be repaired as the settings are."""

    def accepted(self, findings: Findings | None) -> Findings | None:
        """Return findings as the stage uses them; a stage that reads another type too converts it first.

        Raises
        ------
        TypeError
            They are not of `findings_type`.
        """
        if findings is not None and type(findings) is not self.findings_type:
            wanted = self.findings_type.__name__ if self.findings_type else "no findings at all"
            raise TypeError(
                f"{type(self).__name__}.findings is {type(findings).__name__}; it must be {wanted}"
            )
        return findings

    @property
    def memory_s(self) -> float | None:
        """Seconds after which what was heard before no longer counts, but for what nobody hears.

        Long recordings are cut there into parts that are worked on at the same time, each heard from so many
        seconds before it on; see `Processor.begin_at`. None: they are not.
        """
        return None

    @property
    def settled(self) -> tuple[str, ...]:
        """Parameters that stay as they are in an effect for other hosts, which delays by what they allow.

        An effect's delay is a constant, the most that any of its settings needs: a choice for live use would
        be as late as all others there. Only ``restart`` parameters; none by default.
        """
        return ()

    def range_analyser(
        self, sample_rate: float, channels: int, ranges: Sequence[tuple[int, int]]
    ) -> Analyser[Any] | None:
        """Open an analyser that learns from `ranges` (start, stop) of noise alone, where the stage can.

        It hears the whole recording. None: the stage learns nothing from such ranges.
        """
        return None

    # -- findings ----------------------------------------------------------------------------------

    @property
    def needs_findings(self) -> bool:
        """Whether a recording must be analysed before it can be streamed, as the settings are now."""
        return self.findings_type is not None and self._findings is None

    @property
    def findings(self) -> Findings | None:
        """Findings that were fixed on purpose by `learn` or by assignment; None: analyse each recording."""
        return self._findings

    @findings.setter
    def findings(self, findings: Findings | None) -> None:
        self._findings = self.accepted(findings)
        self._live = None

    def analyse(self, audio: npt.NDArray[Any], sample_rate: float) -> Any:
        """Return the findings of a recording held in one array; the stage does not change."""
        return self._analyse(to_planar(audio)[0], check_rate(sample_rate))

    def _analyse(self, planar: Audio, sample_rate: float) -> Any:
        analyser = self.analyser(sample_rate, planar.shape[0])
        analyser.push(planar)
        return analyser.result()

    def learn(self, audio: npt.NDArray[Any], sample_rate: float) -> Any:
        """Analyse `audio` and fix the findings until they are set to None.

        A stage that is shown what to learn, noise alone say, may take it at its word.
        """
        self.findings = self.analyse(audio, sample_rate)
        return self._findings

    # -- streams -----------------------------------------------------------------------------------

    def stream(
        self,
        sample_rate: float,
        channels: int,
        findings: Findings | None = None,
        marks: Marks = NO_MARKS,
        begins: int = 0,
    ) -> Stream:
        """Open the running state of one recording, on a snapshot of the settings.

        Parameters
        ----------
        sample_rate
            Hz.
        channels
            Number of channels.
        findings
            What the recording's analysis found; findings fixed on the stage come before it.
        marks
            Events of this recording that a person vetoed or forced.
        begins
            Sample of the recording that the first one in is; other than 0 only with a `memory_s`, and then a
            multiple of the frame size.

        Raises
        ------
        NotLearned
            The stage needs findings and there are none.
        ParameterError
            `marks` came to a stage that takes none, or cannot be obeyed.
        TypeError
            `findings` are another stage's.
        """
        if marks and not self.takes_marks:
            raise ParameterError(
                f"{type(self).__name__} takes no vetoed or forced events; leave those for {self.id} out"
            )
        sample_rate, channels = check_rate(sample_rate), check_channels(channels)
        self.check_marks(marks, sample_rate, channels)
        findings = self.accepted(findings)
        findings = self._findings if self._findings is not None else findings
        if findings is None and self.needs_findings:
            raise NotLearned(
                f"{type(self).__name__} must hear a recording before it can run live: call its "
                f"learn(audio, sample_rate) first, or process the whole recording at once"
            )
        snapshot = self.copy()
        processor = snapshot.processor(sample_rate, channels, findings)
        processor.settings = snapshot
        processor.marks = marks
        if begins:
            processor.begin_at(begins)
        return Stream(snapshot, processor, snapshot.framing(sample_rate), channels, begins)

    # -- the surface -------------------------------------------------------------------------------

    @property
    def reported_latency_samples(self) -> int:
        """Most samples held back while streaming: at the running stream's rate, else at 44.1 kHz."""
        if self._live is not None:
            held_back: int = self._live[0].latency
            return held_back
        return self.latency(44_100.0)

    def latency(self, sample_rate: float) -> int:
        """Most samples held back while streaming at `sample_rate` Hz."""
        return self.framing(check_rate(sample_rate)).held_back

    def _whole(self, audio: Audio, sample_rate: float) -> Audio:
        findings = self._analyse(audio, sample_rate) if self.needs_findings else None
        return through(self.stream(sample_rate, audio.shape[0], findings), audio)

    def _open(self, sample_rate: float, channels: int) -> Stream:
        return self.stream(sample_rate, channels)

    def _follows(self, stream: Stream) -> bool:
        return stream.follow(self)

    # -- values ------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values == other._values and self._findings == other._findings

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> Self:
        """Return an independent stage with the same settings and fixed findings, and no running stream."""
        return super().copy()

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_findings": self._findings, "_live": None}


class RepairStage(Stage):
    """A stage that removes damage: nothing found, nothing changed, and what it took can be heard."""

    repairs = True

    output: Literal["repaired", "removed"] = choice(
        default="repaired",
        role="output",
        doc="What comes out: the repaired recording, or what was removed from it (input minus repaired).",
    )
