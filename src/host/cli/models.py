"""The commands ``wavemend models ...`` and ``wavemend train ...``: models of one's own.

Heavy modules are imported inside the commands, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from pathlib import Path
from typing import Annotated

import typer

from .output import JsonOption, err, out, print_json

models_app = typer.Typer(help="List and add trained models.", no_args_is_help=True, rich_markup_mode=None)
train_app = typer.Typer(
    help="Train models on decisions of one's own.", no_args_is_help=True, rich_markup_mode=None
)


@models_app.command("list")
def models_list(as_json: JsonOption = False) -> None:
    """List the models of your own that are on this machine."""
    from ...inference.own import own_models  # noqa: PLC0415

    paths = own_models()
    if as_json:
        print_json([{"sha256": path.stem, "file": str(path)} for path in paths])
        return
    for path in paths:  # a hash that is wrapped cannot be copied
        out.print(f"{path.stem}  {path}", markup=False, highlight=False, soft_wrap=True)
    if not paths:
        out.print("none: `wavemend train` makes them, `wavemend models add` takes a colleague's")


@models_app.command("add")
def models_add(
    files: Annotated[list[Path], typer.Argument(help="Files that `wavemend train` made.")],
) -> None:
    """Check models of your own or of a colleague, and copy them to where presets find them."""
    from ...inference.own import add_model  # noqa: PLC0415

    for file in files:
        out.print(f"{file}: {add_model(file)}", markup=False, highlight=False, soft_wrap=True)


@train_app.command("impulses")
def train_impulses(
    documents: Annotated[
        list[Path], typer.Option("--from", help="Recording document, vetoes and forced events in it.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="File for the model.")],
    *,
    recordings: Annotated[
        Path | None, typer.Option(help="Folder of the recordings.", show_default="beside their documents")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the examples that nobody decided about.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fit Declick's network to events that you vetoed and forced, and add it to your models."""
    from ...inference.own import add_model  # noqa: PLC0415
    from ..storage.publishing import Publication  # noqa: PLC0415
    from ..training.impulses import fit_impulses, save_model  # noqa: PLC0415

    Publication(overwrite=overwrite).check(output)  # before minutes of training
    with err.status("training") as status:
        trained = fit_impulses(
            documents, recordings, seed=seed, told=lambda share, doing: status.update(doing)
        )
    save_model(trained, output, overwrite=overwrite)
    fingerprint = add_model(output)
    said = {name: value for name, value in vars(trained).items() if name != "stored"} | {
        "sha256": fingerprint
    }
    if as_json:
        print_json(said)
        return
    out.print(
        f"{output}: fitted to {trained.decisions} decisions in {trained.recordings} recordings "
        f"({trained.unheard} about what is no candidate)\n"
        f"decisions obeyed: {100 * trained.obeyed_before:.0f} % by the packaged model, "
        f"{100 * trained.obeyed_after:.0f} % by models that had not seen them\n"
        f'in a preset: "algorithm": "learned", "model": "{fingerprint}"',
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
