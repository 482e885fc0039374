"""Hooks of the documentation's site: pages that lie elsewhere in the repository become part of it."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
ELSEWHERE = {
    "index.md": "README.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "bench/README.md": "bench/README.md",
    **{f"models/{page.name}": f"models/{page.name}" for page in (ROOT / "models").glob("*.md")},
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from elsewhere, their links as they are from inside `docs`."""
    for page, source in ELSEWHERE.items():
        text = re.sub(r"\]\((\.\./)?docs/", r"](\1", (ROOT / source).read_text(encoding="utf-8"))
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Turn links out of `docs` into links to those pages."""
    return re.sub(r"\]\(\.\./(models|bench)/", r"](\1/", markdown)
