"""The index of many reports: the worst first, whatever fails told."""

import json

from wavemend.host.reports.writing import Wanted, write_all

from .renders import rendered
from .test_page import Outline


def test_the_worst_comes_first_and_what_fails_costs_nothing_else(tmp_path):
    rendered(tmp_path / "out", "a & <b>.wav")
    (tmp_path / "out" / "deep").mkdir()
    rendered(tmp_path / "out" / "deep", "more.wav")
    broken = rendered(tmp_path / "out" / "deep", "broken.wav", removed=False)
    broken.unlink()
    changed = rendered(tmp_path / "out" / "deep", "changed.wav", removed=False)
    changed.write_bytes(changed.read_bytes()[:-400] + bytes(400))
    told = []
    index, rows = write_all(
        tmp_path / "out", Wanted(moments=0), tell=lambda name, error: told.append((name, error is None))
    )
    assert [row.name for row in rows][:2] == ["deep/broken.wav", "deep/changed.wav"]
    assert dict(told)["deep/broken.wav"] is False and sum(fine for _, fine in told) == 3
    seen = Outline(index.read_text())
    assert {one["href"] for one in seen.all("a")} == {
        "deep/changed.wav.report.html", "deep/more.wav.report.html", "a%20%26%20%3Cb%3E.wav.report.html",
    }  # fmt: skip
    assert (index.parent / "deep" / "changed.wav.report.html").exists()
    assert len(seen.all("script")) == 1 and len(seen.all("caption")) == 1
    assert all(one["alt"] for one in seen.all("img"))
    policy = next(one["content"] for one in seen.all("meta") if "http-equiv" in one)
    assert "script-src 'sha256-" in policy and "unsafe-inline" not in policy.partition("script-src")[2]


def test_a_render_that_makes_no_sense_is_a_row(tmp_path):
    rendered(tmp_path / "out", "a.wav")
    (tmp_path / "out" / "b.wav.report.json").write_text(json.dumps({"format": "<b>"}))
    _, rows = write_all(tmp_path / "out", Wanted(moments=0))
    assert [bool(row.error) for row in rows] == [True, False]
