"""The documentation says what is true: snippets run, tables are the schema's, links lead somewhere.

``python tests/test_docs.py`` writes the tables anew.
"""

import re
from pathlib import Path

import pytest
from wavemend import stage_class, stage_ids
from wavemend.host.cli.output import markdown_table
from wavemend.host.presets.preset import parse_preset

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"<!-- parameters (\S+) -->\n(.*?)<!-- /parameters -->", re.DOTALL)
HEADS = ("parameter", "default", "allowed", "what it does")


def snippets(language):
    found = [
        (p, n, c)
        for p in PAGES
        for n, (lang, c) in enumerate(FENCE.findall(p.read_text()))
        if lang == language
    ]
    return [
        pytest.param(code, id=f"{page.name}-{number}", marks=[pytest.mark.whole] if "VST3(" in code else [])
        for page, number, code in found
    ]


def table_of(identifier):
    return markdown_table(HEADS, stage_class(identifier).parameter_table()) + "\n"


def scan_zam_plugins(folder, monkeypatch):
    """Make a catalogue of the plugins that the snippets name, apart from the user's."""
    from wavemend.host.vst3.bundle import bundles
    from wavemend.host.vst3.installed.catalogue import Catalogue

    from tests.host.vst3.requirements import require_zam_plugins

    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.setattr(bundles, "standard_folders", list)
    Catalogue().scan([require_zam_plugins(folder / "zam", "ZamComp", "ZaMaximX2")])


@pytest.mark.parametrize("code", snippets("python"))
def test_python_snippets_run(code, tmp_path, monkeypatch):
    from tests.host.recordings import damaged, write

    write(tmp_path / "side.wav", damaged(1.0))
    monkeypatch.chdir(tmp_path)
    if "VST3(" in code:
        scan_zam_plugins(tmp_path, monkeypatch)
    exec(compile(code, "snippet", "exec"), {"__name__": "snippet"})


@pytest.mark.parametrize("code", snippets("json"))
def test_json_snippets_are_presets(code):
    parse_preset(code.encode(), "snippet")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_the_command_lines(page):
    from typer.main import get_command
    from wavemend.host.cli.main import app

    for line in re.findall(r"^wavemend (.*)$", page.read_text(), re.MULTILINE):
        words = line.split("#")[0].split()
        command = get_command(app)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert all(word in options for word in words if re.match(r"-\w|--\w", word)), line


@pytest.mark.parametrize("identifier", stage_ids())
def test_every_stage_has_a_page_with_its_parameters(identifier):
    page = ROOT / "docs" / f"{identifier.rpartition('.')[2]}.md"
    assert dict(TABLE.findall(page.read_text())) == {identifier: table_of(identifier)}
    assert ("its sound may still change" in page.read_text()) == stage_class(identifier).draft


if __name__ == "__main__":
    for page in PAGES:
        text = page.read_text()
        new = TABLE.sub(lambda m: f"<!-- parameters {m[1]} -->\n{table_of(m[1])}<!-- /parameters -->", text)
        if new != text:
            page.write_text(new)
            print("written:", page.relative_to(ROOT))
