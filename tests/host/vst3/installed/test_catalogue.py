"""Scanning: every fault told apart, nothing brought down, nothing run twice."""

import json
import shutil

import pytest
from wavemend.errors import NotInstalledError, PluginError
from wavemend.host.vst3.installed import catalogue as catalogues
from wavemend.host.vst3.installed import probe as probes
from wavemend.host.vst3.installed.catalogue import catalogue_path, load_catalogue
from wavemend.host.vst3.plugin import VST3

from tests.host.vst3.bundle.test_module_info import DECLARED


def states(catalogue):
    return {bundle.path.rpartition("/")[2].removesuffix(".vst3"): bundle for bundle in catalogue.bundles}


def test_good_plugins_are_described(freshly_scanned):
    found = states(freshly_scanned("Good", "Mono", "Latency", "Pair"))
    assert {bundle.state for bundle in found.values()} == {"good"}
    (good,) = found["Good"].plugins
    assert good.identity.name == "Good" and good.identity.vendor == "wavemend tests"
    assert good.identity.version == "1.0.0" and good.identity.category == "Fx|Tools"
    assert good.identity.identifier == b"Good".ljust(16, b"\0").hex().upper()
    assert (good.channels, good.latency) == ((1, 2), 0)
    assert found["Mono"].plugins[0].channels == (1,)
    assert found["Latency"].plugins[0].latency == 1000
    assert [plugin.identity.name for plugin in found["Pair"].plugins] == ["Pair", "Hair"]
    assert VST3("Hair").name == "Hair", "one of several plugins in a bundle"


def test_bad_plugins_are_told_apart_and_bring_nothing_down(freshly_scanned):
    found = states(freshly_scanned("CrashesLoading", "CrashesAtOnce", "HangsLoading", "Good", seconds=1.5))
    assert (found["CrashesLoading"].state, found["CrashesLoading"].reason) == ("crashed", "crashed (SIGSEGV)")
    (at_once,) = found["CrashesAtOnce"].plugins
    assert (at_once.state, at_once.reason) == ("crashed", "crashed (SIGSEGV)")
    assert found["HangsLoading"].state == "timed out" and "within 1.5 s" in found["HangsLoading"].reason
    assert found["Good"].plugins[0].state == "good"
    for name in ("CrashesLoading", "CrashesAtOnce", "HangsLoading"):
        with pytest.raises(PluginError, match=f"{name} cannot be used: "):
            VST3(name)


def test_a_plugin_that_crashes_with_mono_alone_is_used_with_stereo(freshly_scanned):
    (bundle,) = freshly_scanned("CrashesInMono").bundles
    assert bundle.plugins[0].state == "good" and bundle.plugins[0].channels == (2,)


def test_many_parameters_do_not_take_minutes(freshly_scanned):
    """Loading must not read 20000 parameters at 1001 places each."""
    (bundle,) = freshly_scanned("HugeList", seconds=10).bundles
    assert bundle.plugins[0].state == "good"


def test_broken_and_foreign_bundles_say_why(tmp_path, freshly_scanned):
    (tmp_path / "vst3" / "Empty.vst3").mkdir(parents=True)
    (tmp_path / "vst3" / "Win.vst3" / "Contents" / "x86_64-win").mkdir(parents=True)
    found = states(freshly_scanned("Good"))
    assert (found["Empty"].state, found["Win"].state) == ("broken", "wrong platform")
    with pytest.raises(PluginError, match="Win cannot be used: made for x86_64-win"):
        VST3("Win")


def test_a_missing_library_is_named(tmp_path, freshly_scanned, faulty_binary):
    catalogue = freshly_scanned("Good")
    inside = next((tmp_path / "vst3" / "Good.vst3" / "Contents").iterdir())
    data = (inside / "Good.so").read_bytes()
    assert b"libstdc++.so.6" in data
    (inside / "Good.so").write_bytes(data.replace(b"libstdc++.so.6", b"libmissing.so6"))
    catalogue.scan()
    (bundle,) = catalogue.bundles
    assert bundle.state == "broken" and "libmissing.so6" in bundle.reason


def test_the_catalogue_survives_and_only_changed_bundles_are_run_again(
    tmp_path, freshly_scanned, monkeypatch
):
    before = freshly_scanned("Good", "Mono")
    again = load_catalogue()
    assert again == before
    ran = []
    monkeypatch.setattr(
        catalogues, "probe", lambda path, *_, **__: ran.append(path.name) or probes.probe(path)
    )
    again.scan()
    assert ran == [] and again == before
    next((tmp_path / "vst3" / "Good.vst3" / "Contents").iterdir()).joinpath("readme").write_text("new")
    again.scan()
    assert ran == ["Good.vst3"]
    again.scan(run_all=True)
    assert ran == ["Good.vst3", "Good.vst3", "Mono.vst3"]
    shutil.rmtree(tmp_path / "vst3" / "Mono.vst3")
    again.scan()
    assert list(states(load_catalogue())) == ["Good"]


def test_a_bundle_that_changed_is_tried_out_when_it_is_used(tmp_path, freshly_scanned, faulty_binary):
    freshly_scanned("Good")
    inside = next((tmp_path / "vst3" / "Good.vst3" / "Contents").iterdir())
    (inside / "Good.so").write_bytes(b"no program any more")
    with pytest.raises(PluginError, match="Good cannot be used: .*the bundle is damaged"):
        VST3("Good")
    assert load_catalogue().bundles[0].state == "broken"
    shutil.rmtree(tmp_path / "vst3" / "Good.vst3")
    with pytest.raises(PluginError, match="Good.*wavemend plugins scan|cannot be used"):
        VST3("Good")


def test_moduleinfo_is_believed_until_the_plugin_is_used(tmp_path, freshly_scanned):
    folder = tmp_path / "vst3" / "CrashesLoading.vst3" / "Contents" / "Resources"
    folder.mkdir(parents=True)
    (folder / "moduleinfo.json").write_text(DECLARED.replace('"Comp"', '"CrashesLoading"'))
    (bundle,) = freshly_scanned("CrashesLoading").bundles
    assert bundle.state == "not run yet" and bundle.plugins[0].channels is None
    with pytest.raises(PluginError, match=r"cannot be used: crashed \(SIGSEGV\)"):
        VST3("CrashesLoading")
    assert load_catalogue().bundles[0].state == "crashed"


def test_names_that_are_wrong_say_what_is_near(freshly_scanned):
    with pytest.raises(NotInstalledError, match="none lies in the standard folders; install it, or scan"):
        VST3("Good")
    freshly_scanned("Good")
    with pytest.raises(NotInstalledError, match="did you mean Good"):
        VST3("Godo")
    with pytest.raises(NotInstalledError, match="is a path; .* by name or identifier"):
        VST3("/usr/lib/vst3/Good.vst3")
    assert VST3("good") == VST3("Good") == VST3(VST3("Good").identifier.lower())


def test_one_name_of_two_plugins_asks_for_an_identifier(freshly_scanned):
    freshly_scanned("Good", "Mono")
    other = json.loads(json.dumps(catalogue_path().read_text()).replace("Mono", "Good"))
    catalogue_path().write_text(other)
    with pytest.raises(PluginError, match=r"several VST3s are called 'Good'; use an identifier: .*; "):
        VST3("Good")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "wavemend-plugin-catalogue"}', "\udcff"])
def test_a_damaged_catalogue_is_one_clear_line(text):
    catalogue_path().parent.mkdir(parents=True)
    catalogue_path().write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(PluginError, match=r"vst3-plugins.json: is damaged; delete it and run") as caught:
        VST3("Good")
    assert "\n" not in str(caught.value)


def test_folders_given_are_remembered_and_missing_ones_refused(tmp_path, freshly_scanned):
    catalogue = freshly_scanned("Good")
    assert catalogue.folders == [str(tmp_path / "vst3")]
    with pytest.raises(PluginError, match="is no folder"):
        catalogue.scan([tmp_path / "gone"])


def test_a_scan_that_is_interrupted_keeps_what_it_found(tmp_path, freshly_scanned, monkeypatch):
    def interrupt(path, seconds, **_):
        if path.name == "Mono.vst3":
            raise KeyboardInterrupt
        return probes.probe(path, seconds)

    monkeypatch.setattr(catalogues, "probe", interrupt)
    with pytest.raises(KeyboardInterrupt):
        freshly_scanned("Good", "Mono")
    assert list(states(load_catalogue())) == ["Good"]
