"""Two processes that bless one file leave a whole file of one of the two."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

from samples import small_model

from introspect import explain
from introspect.baselines import dumps, load, save

TIMES = 40


def bless(path: str, name: str) -> None:
    e = explain(replace(small_model(), name=name * 1000))
    for _ in range(TIMES):
        save(path, e)


def test_two_who_bless_one_file(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    spawn = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
    both = [spawn.Process(target=bless, args=(str(path), name)) for name in "ab"]
    for one in both:
        one.start()
    seen = set()
    while any(one.is_alive() for one in both):
        if path.exists():
            seen.add(load(path).model.name[0])
    for one in both:
        one.join()
        assert one.exitcode == 0
    assert load(path).model.name[0] in seen | set("ab")
    assert path.read_text(encoding="utf-8") in {dumps(explain(replace(small_model(), name=n * 1000))) for n in "ab"}
    assert list(tmp_path.iterdir()) == [path]
