"""Runs from URLs into URLs, and what they leave."""

from dataclasses import replace
from pathlib import Path

from wavemend.host.archive.collection import Collection, plan_collection, run_collection
from wavemend.host.archive.manifest import MANIFEST
from wavemend.host.archive.remote.mirror import mirror_for
from wavemend.host.rendering.options import RenderOptions

from ..runs import entries


def collection(source, target, state, preset="prepare", **more):
    options, told = more.pop("options", RenderOptions()), more.pop("told", [])
    mirror = mirror_for([source], str(target), state, more.pop("scheduler", None))
    folder = mirror.state
    jobs = plan_collection(
        [source], folder, options=options, mirror=mirror, exclude=more.pop("exclude", ()), tell=told.append
    )
    return Collection(jobs, folder, preset, options=options, mirror=mirror, **more)


def states(source, target, state, preset="prepare", **more):
    outcomes = [*run_collection(collection(source, target, state, preset, **more))]
    return {
        one.job.name: "failed" if one.error else "restored" if one.rendered else "skipped" for one in outcomes
    }


def outputs(bucket, below="out"):
    """What lies below a URL, without the manifest."""
    return {name: data for name, data in bucket.files(below).items() if name != MANIFEST}


def lasting(folder, root=""):
    """What the manifest says that does not depend on where, when, and how fast it was done."""
    return [
        replace(entry, took_s=0.0, ended="", source=entry.source.removeprefix(str(root)))
        for entry in entries(Path(folder)).values()
    ]
