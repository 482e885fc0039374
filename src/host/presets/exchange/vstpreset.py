"""Settings of VST3s that other hosts saved, as presets, and the other way round."""

from __future__ import annotations

import os
from pathlib import Path

from ....errors import NotInstalledError, PresetError
from ...chain.chain import Chain
from ...chain.slot import Slot
from ...storage.strict_json import clip
from ...vst3.bundle.vstpreset import read_vstpreset
from ...vst3.plugin import VST3
from ..overrides import slot_called
from ..preset import Preset, load_preset


def preset_of_vstpreset(path: str | os.PathLike[str]) -> Preset:
    """Make a preset of a ``.vstpreset`` file: its plugin, which must be installed, with those settings.

    Raises
    ------
    PresetError
        It cannot be read, is none, or its plugin is not here.
    PluginError
        The plugin fails, or refuses the settings.
    """
    owner, _ = read_vstpreset(path)
    try:
        plugin = VST3(owner)
    except NotInstalledError:
        raise PresetError(
            f"{path}: belongs to the VST3 {owner}, which no scan found here; install it and run "
            "`wavemend plugins scan`"
        ) from None
    plugin.load_preset(path)
    name = clip(Path(path).stem)
    return Preset(name, f"{plugin.name} by {plugin.manufacturer_name}, as in {name}.", Chain([plugin]))


def with_vstpreset(preset: str, slot: str, path: str | os.PathLike[str]) -> Preset:
    """Load a preset, and give one of its VST3s the settings of a ``.vstpreset`` file, which must be its own.

    Errors are those of `load_preset` and `preset_of_vstpreset`.
    """
    loaded = load_preset(preset)
    vst3_in(slot_called(loaded.chain, slot, slot), slot).load_preset(path)
    return loaded


def write_slot(preset: str, slot: str, path: str | os.PathLike[str], *, overwrite: bool) -> VST3:
    """Write the settings of a preset's VST3 to a ``.vstpreset`` file, for any host; return the plugin.

    Errors are those of `load_preset`, and `PresetError` where the slot holds none or the file is there.
    """
    plugin = vst3_in(slot_called(load_preset(preset).chain, slot, slot), slot)
    plugin.save_preset(path, overwrite=overwrite)
    return plugin


def vst3_in(slot: Slot, called: str) -> VST3:
    """Return the VST3 of a slot; raises `PresetError` where it holds none that is here."""
    if isinstance(slot.member, VST3) and slot.stands_for is None:
        return slot.member
    held = next(iter(slot.warnings()), f"it holds {type(slot.member).__name__}")
    raise PresetError(f"slot {called} holds no VST3 that is here: {held}")
