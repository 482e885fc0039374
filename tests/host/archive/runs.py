"""Runs over a collection, and what they leave."""

from dataclasses import replace

from wavemend.host.archive.collection import Collection, plan_collection, run_collection
from wavemend.host.archive.manifest import MANIFEST, Manifest
from wavemend.host.rendering.options import RenderOptions


def collection(source, target, preset="prepare", **more):
    options = more.pop("options", RenderOptions())
    return Collection(
        plan_collection([str(source)], target, options=options), target, preset, options=options, **more
    )


def states(source, target, preset="prepare", **more):
    outcomes = [*run_collection(collection(source, target, preset, **more))]
    return {
        one.job.name: "failed" if one.error else "restored" if one.rendered else "skipped" for one in outcomes
    }


def entries(target):
    with Manifest(target) as manifest:
        return {entry.path: entry for entry in manifest.entries()}


def lasting(target):
    """What the manifest says that does not depend on when, and how fast, it was done."""
    return [replace(entry, took_s=0.0, ended="") for entry in entries(target).values()]


def files(target):
    paths = (path for path in target.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in paths}


ALL = {"a.wav", "box 1/b.flac", "box 1/c.wav"}
