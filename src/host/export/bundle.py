"""Bundles: a folder with the shell's code and all that it says, which appears whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...contract.registry import stage_ids
from ...contract.stage import Stage
from ...errors import AudioFileError, TargetExistsError
from ..presets.library import preset_names
from ..presets.preset import Preset
from ..storage.outputs import make_folder
from ..vst3.bundle.bundles import SUFFIX, binary_of, standard_folders
from .effects import Effect, effect_of
from .manifest import MANIFEST_NAME, file_name, resources
from .shell_code import shell_code

_RESOURCES = Path("Contents/Resources")


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Attributes
    ----------
    path
        The bundle.
    name
        As hosts list it.
    class_id
        32 hexadecimal digits.
    """

    path: Path
    name: str
    class_id: str


def export_vst3(
    what: str | os.PathLike[str] | Preset | Stage,
    folder: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Exported:
    """Write a stage or a preset as a VST3 effect that Ardour, REAPER and other hosts load.

    Parameters
    ----------
    what
        Name of a stage (``"declick"``) or of a factory preset (``"vinyl"``), path of a preset file, a loaded
        preset, or a stage whose values are to be the effect's own.
    folder
        Where the bundle goes; None: where the hosts of this user look.
    overwrite
        Whether a bundle that wavemend wrote before may be replaced.
    tell
        Called with a line before something that takes a while.

    Returns
    -------
    Exported
        The bundle, which runs this Python with this wavemend.

    Raises
    ------
    PluginError, PresetError
        There is no such stage or preset, it cannot be an effect, or there is no compiler.
    AudioFileError
        The bundle is there already, or cannot be written.
    """
    effect = effect_of(what)
    target = _target(effect, Path(folder) if folder is not None else standard_folders()[0])
    _check(target, overwrite=overwrite)
    code = shell_code(tell).path
    make_folder(target.parent)
    try:
        _write(effect, code, target, overwrite=overwrite)
    except OSError as error:
        if isinstance(error, AudioFileError):
            raise
        raise AudioFileError(f"{target}: cannot be written: {error.strerror or error}") from None
    return Exported(target, effect.name, effect.class_id)


def everything() -> list[str]:
    """Return the names of all that comes with wavemend and its packages: stages, then factory presets."""
    return [*stage_ids(), *preset_names()]


def _target(effect: Effect, folder: Path) -> Path:
    name = file_name(effect.name)
    called = name if name.casefold().startswith(effect.vendor.casefold()) else f"{effect.vendor} {name}"
    return folder / f"{called}{SUFFIX}"


def _check(target: Path, *, overwrite: bool) -> None:
    """Refuse to write over anything but what wavemend wrote, and over that where it was not asked for."""
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise TargetExistsError(f"{target}: is there already; say --overwrite to replace it")
    if target.is_symlink() or not (target / _RESOURCES / MANIFEST_NAME).is_file():
        raise TargetExistsError(
            f"{target}: is there already, and wavemend did not write it; remove it yourself"
        )


def _write(effect: Effect, code: Path, target: Path, *, overwrite: bool) -> None:
    """Write the bundle beside its place, then give it its name; one that was there goes last."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".wavemend-part-") as folder:
        made = Path(folder) / target.name
        binary = made / binary_of(target).relative_to(target)
        binary.parent.mkdir(parents=True)
        shutil.copyfile(code, binary)
        binary.chmod(0o755)
        for name, data in resources(effect).items():
            file = made / _RESOURCES / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        _check(target, overwrite=overwrite)
        replaced = Path(folder) / "replaced"
        if target.exists():
            target.rename(replaced)
        try:
            made.rename(target)
        except OSError as error:
            if replaced.exists():
                replaced.rename(target)
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise TargetExistsError(f"{target}: is there already; somebody wrote it just now") from None
            raise
