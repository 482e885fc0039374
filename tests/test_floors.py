"""The house: floors with arrows downwards alone, no circles; see CONTRIBUTING.md."""

from __future__ import annotations

from graphlib import TopologicalSorter

import grimp
import pytest

# From the top; rooms of one floor do not know each other.
FLOORS = [
    {"authoring"},
    {"__main__", "testing"},
    {"host"},
    {"plugins"},
    {"analysis"},
    {"inference", "kernels", "contract"},
    {"audio"},
    {"errors"},
]
HOST = [
    {"cli"},
    {"demo", "comparison", "preview"},
    {"reports"},
    {"archive", "export", "monitor", "training"},
    {"rendering", "pictures", "transcripts"},
    {"survey"},
    {"recording"},
    {"presets"},
    {"chain"},
    {"vst3"},
    {"stock", "processes"},
    {"storage"},
    {"files"},
]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("wavemend", cache_dir=None)


def room_of(module: str, depth: int) -> str:
    parts = module.split(".")
    return parts[depth] if len(parts) > depth else ""


def arrows(graph: grimp.ImportGraph, depth: int, inside: str) -> dict[tuple[str, str], list[str]]:
    """Return what knows what between the rooms of a package, and by which imports."""
    found: dict[tuple[str, str], list[str]] = {}
    for module in graph.modules:
        for known in graph.find_modules_directly_imported_by(module):
            rooms = room_of(module, depth), room_of(known, depth)
            within = module.startswith(inside) and known.startswith(inside)
            if within and rooms[0] != rooms[1] and all(rooms):
                found.setdefault(rooms, []).append(f"{module} -> {known}")
    return found


@pytest.mark.parametrize(("floors", "depth", "inside"), [(FLOORS, 1, "wavemend"), (HOST, 2, "wavemend.host")])
def test_arrows_point_down(graph: grimp.ImportGraph, floors: list[set[str]], depth: int, inside: str) -> None:
    level = {room: number for number, floor in enumerate(floors) for room in floor}
    known = arrows(graph, depth, inside)
    assert {room for rooms in known for room in rooms} <= set(level), "name the floor of the new room"
    upwards = {rooms: by for rooms, by in known.items() if level[rooms[0]] >= level[rooms[1]]}
    assert not upwards


def test_analysis_knows_findings_of_the_contract_alone(graph: grimp.ImportGraph) -> None:
    known = arrows(graph, 1, "wavemend").get(("analysis", "contract"), [])
    assert {by.rpartition(" -> ")[2] for by in known} == {
        "wavemend.contract.findings",
        "wavemend.contract.constraints",
        "wavemend.contract.offers",
    }


def test_no_module_knows_itself_by_way_of_others(graph: grimp.ImportGraph) -> None:
    sorter = TopologicalSorter({m: graph.find_modules_directly_imported_by(m) for m in graph.modules})
    assert len(list(sorter.static_order())) == len(graph.modules)
