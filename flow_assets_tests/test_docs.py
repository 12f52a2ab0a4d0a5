"""What the documents say is checked: the README's dataset loads, every name is there, every link leads somewhere."""

import importlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import duckdb
import pytest

import flow_assets
from flow_assets.checks import conform
from flow_assets.declaration import Buckets, DatasetGraph, Partitions, find_datasets
from flow_assets.settings import Settings
from flow_assets_tests.cli.test_help_and_errors import COMMANDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md"), ROOT / "data" / "README.md"]
)


@pytest.fixture(scope="module")
def graph() -> DatasetGraph:
    return find_datasets("flow_assets.datasets")


def test_the_readme_s_dataset_can_be_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = (block for block in _blocks("README.md", "python") if "@dataset" in block)
    package = tmp_path / "copied_datasets"
    shutil.copytree(ROOT / "flow_assets" / "datasets", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "features" / "busiest_hour.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    added = find_datasets("copied_datasets").get("busiest_hour")
    assert (added.layer, list(added.ins), added.partition_column) == ("features", ["departures"], "flight_date")
    with duckdb.connect() as connection:
        departures = connection.sql(
            "SELECT DATE '2013-01-01' AS flight_date, 'JFK' AS origin, "
            "TIMESTAMPTZ '2013-01-01 10:00:00+00' + to_minutes(25 * n) AS scheduled_departure_utc FROM range(5) t(n)"
        )
        table = conform(added.function(departures).to_arrow_table(), added, added.sort_by)
    assert table["scheduled_departures"].to_pylist() == [3]


def test_the_rules_of_the_page_on_quality_can_be_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = _blocks("docs/quality.md", "python")
    (tmp_path / "rules_of_the_page.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    rules = {rule.name: rule for rule in importlib.import_module("rules_of_the_page").Readings.all_rules()}
    assert set(rules) == {
        *("meter_isin", "meter_not_null", "read_utc_not_null", "watts_in_range", "watts_not_null", "watts_ks"),
        *("c_is_never_off", "read_utc_complete"),
    }
    assert (rules["meter_isin"].quarantine, rules["watts_not_null"].severity, rules["watts_ks"].severity) == (
        True,
        "warn",
        "warn",
    )


def test_every_dataset_is_in_the_reference_and_in_the_readme_s_picture(graph: DatasetGraph) -> None:
    reference, readme = _read("docs/reference.md"), _read("README.md")
    assert not [name for name in graph.datasets if f"| `{name}` |" not in reference]
    assert not [name for name in graph.datasets if name not in readme]


def test_the_example_s_datasets_are_in_its_readme() -> None:
    shown = _read("examples/shop/README.md")
    assert not [name for name in find_datasets("examples.shop.datasets").datasets if f"| `{name}` |" not in shown]


def test_all_that_is_exported_is_in_the_reference() -> None:
    reference = _read("docs/reference.md")
    assert not [name for name in flow_assets.__all__ if f"`{name}`" not in reference]


def test_every_kind_of_partitions_and_buckets_is_among_the_tags() -> None:
    rows = dict(re.findall(r"^\| `flow_assets/(partitions|buckets)` \| (.*) \|$", _read("docs/reference.md"), re.M))
    for name, kinds in (("partitions", get_args(Partitions)), ("buckets", get_args(Buckets))):
        words = [kind.__name__.removesuffix(name.title()).lower() for kind in kinds]
        assert words
        assert not [word for word in words if f"`{word}`" not in rows[name]]


def test_the_readme_s_picture_has_exactly_the_inputs_of_each_dataset(graph: DatasetGraph) -> None:
    drawn = set(re.findall(r"^  (\w+) (?:-- .* )?--> (\w+)$", _read("README.md"), re.M))
    assert drawn == {(upstream, d.name) for d in graph.datasets.values() for upstream in d.ins}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_own_words(name: str) -> None:
    assert f"| `FLOW_ASSETS_{name.upper()}` |" in _read("docs/reference.md")
    assert Settings.model_fields[name].description in _read("docs/reference.md")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"| `flow {name}" in _read("README.md")


def test_no_command_is_forgotten() -> None:
    modules = {path.stem for path in (ROOT / "flow_assets" / "cli").glob("*.py")}
    modules -= {"__init__", "app", "console", "examples"}
    modules -= {module for module in modules if module.startswith("alerts_")}  # the subcommands of one command
    assert {module.replace("_", "-") for module in modules} == set(COMMANDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)", document.read_text())
    assert not [link for link in links if link and not (document.parent / link).exists()]


def test_every_room_is_on_the_readme_s_map() -> None:
    readme = _read("README.md")
    rooms = [path for path in (ROOT / "flow_assets").iterdir() if (path / "__init__.py").exists()]
    assert not [room.name for room in rooms if f"`{room.name}/`" not in readme]


def test_every_decision_is_listed() -> None:
    listed = set(re.findall(r"\]\((\d{4}-[^)]*)\)", _read("docs/adr/README.md")))
    assert listed == {path.name for path in (ROOT / "docs" / "adr").glob("0*.md")}


def _read(path: str) -> str:
    return (ROOT / path).read_text()


def _blocks(path: str, language: str) -> Iterator[str]:
    return (match.group(1) for match in re.finditer(rf"```{language}\n(.*?)```", _read(path), re.S))
