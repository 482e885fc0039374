"""After `wavemend warm-up` nothing is compiled any more; before, compiling is told."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from wavemend.host.archive.batch import Job
from wavemend.host.chain.compiling import compilation_told
from wavemend.host.cli.progress import Reporter
from wavemend.kernels.compilation import compilation

# Another recording, in every way that arrays and files come: run in a process that has compiled nothing yet.
AFTERWARDS = """
import sys
from pathlib import Path
import numpy as np
import soundfile
from wavemend import Chain, analyse, render, stage_class, stage_ids
from wavemend.kernels.compilation.compilation import watched
from wavemend.host.demo.worn_disc import performance, worn_disc

compiled = []
folder = Path(sys.argv[1])
with watched(compiled.append):
    disc = worn_disc(performance(7), 8)[:, : 5 * 44100]
    disc += 0.05 * np.sin(2 * np.pi * 60 * np.arange(disc.shape[1]) / 44100)
    arrays = [disc[0], disc[:1].astype(np.float32), disc, disc.astype(np.float32).T, disc[:, ::2], disc[::-1]]
    for identifier in stage_ids():
        kind = stage_class(identifier)
        options = {name: getattr(p, "options", ()) for name, p in kind.schema.items()}
        ways = list(zip(arrays, (44100, 48000, 44100, 44100, 22050, 96000)))
        for array, rate in ways:
            kind().process(array, rate)
        for number, (name, value) in enumerate((name, value) for name in options for value in options[name]):
            array, rate = ways[number % len(ways)]
            kind(**{name: value}).process(array, rate)
    for subtype, channels in (("PCM_16", 1), ("PCM_24", 2), ("FLOAT", 2)):
        path = folder / f"{subtype}.wav"
        soundfile.write(path, disc[:channels].T, 44100, subtype)
        analyse(path)
        render(Chain([stage_class(each)() for each in stage_ids()]), path, folder / f"{subtype}.out.wav",
               removed=True, events=True)
print(compiled)
"""


@pytest.mark.whole
def test_after_warming_up_nothing_is_compiled(tmp_path):
    warm = [sys.executable, "-m", "wavemend", "warm-up"]
    told = subprocess.run(warm, capture_output=True, text=True, check=True).stdout
    folder = Path(told.rsplit("kept in ")[1].strip())
    assert "kernels compiled in" in told
    assert any(folder.rglob("*.nbi"))
    after = subprocess.run(
        [sys.executable, "-c", AFTERWARDS, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert after.stdout == "[]\n", after.stdout + after.stderr


def test_compiling_is_told_at_the_share_that_was_reached():
    told = []
    with compilation_told(lambda share, doing: told.append((share, doing))) as show:
        show(0.25, "restoring")
        compilation._tell("_fit")
        compilation._tell("levinson")
    compilation._tell("nobody watches")
    assert told == [
        (0.25, "restoring"),
        (0.25, "compiling kernels, once (1: fit)"),
        (0.25, "compiling kernels, once (2: levinson)"),
    ]


@pytest.mark.parametrize("quiet", [False, True])
def test_compiling_is_said_in_one_line(quiet):
    text = io.StringIO()
    job = Job(Path("one.wav"), Path("out.wav"))
    reporter = Reporter([job], Console(file=io.StringIO()), Console(file=text), bars=not quiet)
    with reporter, compilation_told(reporter.start(job)) as show:
        show(0.0, "restoring")
        assert text.getvalue() == ""
        compilation._tell("fit")
        compilation._tell("levinson")
    assert text.getvalue().count("preparing: compiling kernels") == (not quiet)
