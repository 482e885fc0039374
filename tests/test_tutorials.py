"""The tutorials are true: each is run as it stands, in an empty folder, and says what it shows."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.host.commands import wavemend
from tests.host.vst3.requirements import ZAM_FOLDER, skip_or_fail

PAGE = (Path(__file__).parents[1] / "docs" / "tutorials.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$|^### (.*)$", re.MULTILINE | re.DOTALL)
BEFORE, *TUTORIALS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
NAMED = re.compile(r"# ([\w.]+)\n")
REFUSED = "# exit code 2"
SENT = ("side.wavemend", "tapes")


class Reader:
    """Who follows a tutorial: a folder, a user's data, and what the last commands said."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._folder = folder / "one"
        self._said: list[str] = []
        self._sit_down()

    def _sit_down(self) -> None:
        self._folder.mkdir()
        self._monkeypatch.chdir(self._folder)
        self._monkeypatch.setenv("XDG_DATA_HOME", str(self._folder.with_suffix(".data")))

    def another(self) -> None:
        """Go on as somebody else, who was sent a few files."""
        before, self._folder = self._folder, self._folder.with_name("other")
        self._sit_down()
        for name in SENT:
            copy = shutil.copytree if (before / name).is_dir() else shutil.copy
            copy(before / name, self._folder / name)

    def follow(self, language: str, text: str) -> None:
        """Do what a block says."""
        if named := NAMED.match(text):
            (self._folder / named[1]).write_text(text)
        elif language == "py":
            exec(compile(text, "tutorial", "exec"), {"__name__": "tutorial"})
        elif language == "sh":
            self._said = [line for command in text.splitlines() for line in self._run(command)]
        else:
            self._compare(text)

    def _run(self, command: str) -> list[str]:
        program, *words = shlex.split(command, comments=True)
        assert program == "wavemend"
        done = wavemend(*words, cwd=self._folder)
        assert done.returncode == (2 if REFUSED in command else 0), done.stderr
        return [*done.stdout.splitlines(), *done.stderr.splitlines()]

    def _compare(self, text: str) -> None:
        """Assert that each line is, in its words, part of what was said."""
        said = [" ".join(line.split()) for line in self._said]
        for line in text.splitlines():
            assert any(" ".join(line.split()) in one for one in said), f"{line}\n\n" + "\n".join(self._said)


@pytest.mark.whole
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda text: text.partition("\n")[0].replace(" ", "-"))
def test_a_tutorial_is_true_line_by_line(
    tutorial: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "ZamComp" in tutorial and not (ZAM_FOLDER / "ZamComp.vst3").is_dir():
        skip_or_fail("zam-plugins is not installed: `apt-get install --no-install-recommends zam-plugins`")
    reader = Reader(tmp_path, monkeypatch)
    for language, text, heading in BLOCK.findall(BEFORE + tutorial):
        if heading:
            reader.another()
        else:
            reader.follow(language, text)


def test_the_page_has_the_three_ways_of_working() -> None:
    assert len(TUTORIALS) == 3
    assert {language for language, _, _ in BLOCK.findall(PAGE)} == {"py", "sh", "text", "toml", ""}
