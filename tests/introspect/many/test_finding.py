"""What a target holds: mappings, lists, registries, modules and files, and what is not many models."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Callable

import pytest
import zoo

from introspect import IntrospectError, explain
from introspect.many.finding import find, is_many
from introspect.many.making import make
from introspect.many.worker import Job, line_for


def module(name: str, monkeypatch: pytest.MonkeyPatch, **members: Any) -> str:
    made = ModuleType(name)
    vars(made).update(members)
    monkeypatch.setitem(sys.modules, name, made)
    return name


def entries(target: str, everything: bool = False) -> dict[str, Any]:
    found = find(target, everything)
    return {name: found.entry(name) for name in found.names}


def test_a_mapping() -> None:
    assert list(entries("zoo:BAD")) == ["small", "large", "raises", "leaves", "dies", "hangs"]
    assert entries("zoo:GOOD")["small"].factory is zoo.small


def test_a_factory_with_its_input_and_a_model_that_is_made_already(monkeypatch: pytest.MonkeyPatch) -> None:
    made = zoo.dense(2)
    name = module("pairs", monkeypatch, ALL={"a": (zoo.small, (1, 4)), "b": made, "c": (made, None)})
    found = entries(f"{name}:ALL")
    assert found["a"].inputs == (1, 4)
    assert found["b"].factory is found["c"].factory is made


def test_a_list_goes_by_the_names_of_its_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    name = module("listed", monkeypatch, ALL=[zoo.small, zoo.slow, zoo.slow])
    assert list(entries(f"{name}:ALL")) == ["small", "slow[1]", "slow[2]"]


def test_a_configuration_is_given_to_the_class_that_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Config:
        units = 6

    name = module("configured", monkeypatch, ALL={Config: lambda config: zoo.dense(config.units)})
    found = entries(f"{name}:ALL")
    assert list(found) == ["Config"]
    assert int(explain(make(found["Config"].factory)).params) == (4 + 1) * 6


def test_a_mapping_that_imports_its_items_is_read_item_by_item(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(dict):  # type: ignore[type-arg]
        def __getitem__(self, key: str) -> Any:
            if key == "broken":
                raise ValueError("it cannot be imported")
            return zoo.GOOD[key]

        def values(self) -> Any:
            raise AssertionError("all of it is read at once")

    name = module("lazy", monkeypatch, ALL=Lazy(small=None, broken=None))
    assert is_many(sys.modules[name].ALL)
    assert line_for(Job("small", f"{name}:ALL")).totals["params"] == 15
    assert line_for(Job("broken", f"{name}:ALL")).reason == "ValueError: it cannot be imported"


@pytest.mark.parametrize("maker", ["get_model", "get_model_builder", "create_model"])
def test_a_registry(monkeypatch: pytest.MonkeyPatch, maker: str) -> None:
    made: Callable[..., Any] = (lambda name: zoo.GOOD[name]) if "builder" in maker else (lambda name: zoo.GOOD[name]())
    name = module("registry", monkeypatch, list_models=lambda module=None: list(zoo.GOOD), **{maker: made})
    assert int(explain(make(entries(name, True)["large"].factory)).params) == (4 + 1) * 30
    assert is_many(SimpleNamespace(list_models=lambda: ["a"], get_model=made))


def test_a_function_that_gives_a_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(entries(f"{module('giving', monkeypatch, models=lambda: zoo.GOOD)}:models")) == ["small", "large"]


def test_all_of_a_module_is_what_it_can_make_by_itself() -> None:
    found = find("zoo", everything=True)
    assert set(found.names) == {"small", "large", "raises", "leaves", "dies", "hangs", "not_a_model", "slow"}
    assert set(found.passed_over) == {"dense", "wants"}


def test_all_of_a_module_that_says_what_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    class Weights(enum.Enum):
        NONE = 0

    name = module("said", monkeypatch, __all__=["small", "again", "Weights"], small=zoo.small, again=zoo.small, Weights=Weights)
    assert list(entries(name, True)) == ["small"]


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text("from zoo import small\n")
    (tmp_path / "file_of_models.py").write_text("from beside_it import small\nALL = [small]\n")
    assert list(entries(f"{tmp_path / 'file_of_models.py'}:ALL")) == ["small"]


@pytest.mark.parametrize(
    ("members", "everything"),
    [({"ALL": {"a": 3}}, True), ({"ALL": {}}, True), ({"ALL": [zoo.small, "x"]}, False), ({"ALL": 5}, False)],
)
def test_what_is_not_many(monkeypatch: pytest.MonkeyPatch, members: dict[str, Any], everything: bool) -> None:
    name = module("not_many", monkeypatch, **members)
    with pytest.raises(IntrospectError, match=r"not many models|no model in it"):
        find(f"{name}:ALL", everything)


def test_a_model_that_is_written_as_a_collection_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = SimpleNamespace(owns=lambda found: isinstance(found, list))
    monkeypatch.setattr("introspect.many.finding.adapters", lambda: {"lists": owner})
    assert not is_many([zoo.small])
    with pytest.raises(IntrospectError, match="not many models"):
        find(f"{module('one', monkeypatch, ALL=[zoo.small])}:ALL")
