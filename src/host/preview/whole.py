"""The whole recording rendered into a file, and what of it can then be looked at."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import Cancelled
from ..chain.chain import Chain
from ..chain.progress import Progress
from ..files.audio_format import AudioFormat
from ..rendering.options import RenderOptions
from ..rendering.render import render_with
from ..rendering.rendered import Rendered
from .edits import Edit
from .opened import Opened


class Whole:
    """Renders of whole recordings; one at a time.

    Parameters
    ----------
    options
        Of the render.
    output
        Where to; None: beside the recording, ``.restored`` in its name.

    Attributes
    ----------
    edit
        What was rendered last; None: nothing yet.
    restored, removed
        What came of it, open.
    """

    def __init__(self, options: RenderOptions, output: Path | None) -> None:
        self.options = replace(options, removed=True)
        self._output = output
        self.edit: Edit | None = None
        self.restored: Opened | None = None
        self.removed: Opened | None = None
        self.state: dict[str, Any] = {"state": "none"}

    def target(self, source: Path, form: AudioFormat, frames: int) -> Path:
        """Return where a render of `source` goes."""
        if self._output is not None:
            return self._output
        suffix = source.suffix if form.is_lossless else ".flac"
        return source.with_name(f"{source.stem}.restored{suffix}")

    def render(
        self, chain: Chain, edit: Edit, opened: Opened, progress: Progress, cancel: threading.Event
    ) -> Rendered:
        """Render; raises `Cancelled` and what `render` raises."""
        recording = opened.recording
        target = self.target(recording.path, recording.format, recording.frames)
        # what this session rendered before, it may replace
        mine = self.restored is not None and self.restored.recording.path == target
        self.close()
        options = replace(self.options, overwrite=self.options.overwrite or mine)
        rendered = render_with(options, chain, recording.path, target, progress=progress, cancel=cancel)
        self.restored = Opened(rendered.output)
        if rendered.removed is not None:
            self.removed = Opened(rendered.removed)
        self.edit = edit
        for made in (self.restored, self.removed):
            if made is not None and not cancel.is_set():
                try:
                    made.hear(lambda share, doing: None, cancel)
                except Cancelled:
                    break
        return rendered

    def close(self) -> None:
        """Close what came of the last render."""
        for made in (self.restored, self.removed):
            if made is not None:
                made.close()
        self.edit = self.restored = self.removed = None
