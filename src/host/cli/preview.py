"""``wavemend preview``: hear and see what a preset does before anything is written.

Heavy modules are imported inside the functions, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from pathlib import Path
from typing import Annotated

import typer

from .batch import OverwriteOption
from .completion import complete_preset
from .output import out
from .render_options import DocumentsOption, EaseOption, SeedOption


def preview(
    source: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Sound file.", show_default="one of this folder's")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Argument(help="Preset to begin with.", autocompletion=complete_preset, show_default="none"),
    ] = None,
    *,
    reference: Annotated[
        Path | None, typer.Option("--reference", help="Recording to compare with.", show_default="none")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File that a render goes to.", show_default="beside the source"),
    ] = None,
    overwrite: OverwriteOption = False,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1.", show_default="a free one")
    ] = 0,
    documents: DocumentsOption = None,
    ease_lossy: EaseOption = None,
    seed: SeedOption = 0,
) -> None:
    """Open a page in the browser: hear and see original, restored and removed, and change the chain."""
    from ..preview.serving import require_packages, serve  # noqa: PLC0415

    require_packages()

    from ..presets.preset import load_preset  # noqa: PLC0415
    from ..preview.files import Shelf  # noqa: PLC0415
    from ..preview.session import Session  # noqa: PLC0415
    from ..rendering.options import RenderOptions  # noqa: PLC0415

    loaded = load_preset(preset) if preset is not None else None
    named = [path for path in (source, reference) if path is not None]
    shelf = Shelf(source.parent if source is not None else Path(), named)
    options = RenderOptions(overwrite=overwrite, documents=documents, ease_lossy=ease_lossy, seed=seed)
    session = Session(shelf, loaded, options, output)
    try:
        if source is not None:
            session.open(source)
        if reference is not None:
            session.refer(reference)
    except BaseException:
        session.close()
        raise
    serve(session, lambda address: out.print(address, highlight=False), browser=browser, port=port)
