"""What is printed of a run: a line each, whatever strangers called their files and tags."""

import io
from pathlib import Path

from rich.console import Console
from wavemend.host.archive.batch import Job, Outcome
from wavemend.host.cli.progress import Reporter
from wavemend.host.rendering.rendered import Rendered

EVIL = "\x1b]0;owned\x07a\nb\x1b[2J"


def test_names_and_tags_do_not_drive_the_terminal():
    out, err = io.StringIO(), io.StringIO()
    done = Job(Path(f"{EVIL}.mkv"), Path("out") / f"{EVIL}.mkv")
    rendered = Rendered(
        source=done.source, output=done.output, report=Path("r"), removed=None, events_file=None,
        labels_file=None, seconds=1.0, headroom_gain=1.0, findings={}, events={}, loudness=None,
        warnings=[f"tag {EVIL} has no place"],
    )  # fmt: skip
    failed = Job(Path("b.mkv"), Path("out/b.mkv"))
    with Reporter([done, failed], Console(file=out), Console(file=err)) as reporter:
        for job, rendering, error in ((done, rendered, None), (failed, None, f"b.mkv: {EVIL}")):
            reporter.start(job)
            reporter.finish(Outcome(job, rendering, error))
    assert not set("\x1b\x07") & set(out.getvalue() + err.getvalue())
    assert [line.split(" ")[0] for line in err.getvalue().splitlines()] == ["warning:", "error:"]
    assert len(out.getvalue().splitlines()) == 2
