import sys
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from textwrap import dedent

import pytest
from duckdb import DuckDBPyRelation

from flow_assets import (
    DailyPartitions,
    DatasetSchema,
    Int32,
    StaticPartitions,
    String,
    all_partitions,
    column,
    lookback,
    references,
)
from flow_assets import dataset as declare_dataset
from flow_assets.declaration import Dataset, DatasetGraph, Rule, find_datasets
from flow_assets.errors import DefinitionError, SelectionError

DAILY = DailyPartitions("2013-01-01", "2014-01-01")
LATER = DailyPartitions("2013-02-01", "2014-01-01")
LETTERS = StaticPartitions(["a", "b"])

Declare = Callable[..., Dataset]


def test_each_dataset_comes_after_the_ones_it_reads(declare: Declare) -> None:
    datasets = [declare("d", "b", "c"), declare("b", "a"), declare("c", "a"), declare("a")]
    for order in permutations(datasets):
        graph = DatasetGraph.of(order)
        assert next(iter(graph.datasets)) == "a"
        assert list(graph.datasets)[-1] == "d"


def test_selecting_takes_what_is_read_along(declare: Declare) -> None:
    graph = DatasetGraph.of([declare("a"), declare("b", "a"), declare("c", "b"), declare("other"), declare("d", "a")])
    assert [d.name for d in graph.select(["c"])] == ["a", "b", "c"]
    assert {d.name for d in graph.select(["c", "d", "c"])} == {"a", "b", "c", "d"}
    assert graph.select() == tuple(graph.datasets.values())


def test_a_misspelt_selection_is_told_the_nearest_name(declare: Declare) -> None:
    graph = DatasetGraph.of([declare("departures"), declare("planes")])
    with pytest.raises(SelectionError, match=r"There is no dataset 'departure'\. Did you mean 'departures'\?"):
        graph.select(["departure"])
    with pytest.raises(SelectionError, match=r"There is no dataset 'x'\. There are: departures, planes\."):
        graph.get("x")


def test_a_misspelt_input_is_told_where_and_the_nearest_name(declare: Declare) -> None:
    with pytest.raises(DefinitionError) as caught:
        DatasetGraph.of([declare("departures"), declare("rotation", "departurs")])
    assert "conftest.py:" in str(caught.value)
    assert "dataset rotation reads 'departurs', which is not there. Did you mean 'departures'?" in str(caught.value)


def test_a_name_used_twice_is_told_with_both_places(declare: Declare) -> None:
    with pytest.raises(
        DefinitionError, match=r"conftest\.py:\d+: dataset a is declared already, at .*conftest\.py:\d+; rename"
    ):
        DatasetGraph.of([declare("a"), declare("a")])


@pytest.mark.parametrize("reads", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "c", "b": "a", "c": "b"}])
def test_a_cycle_is_told_with_every_place_on_it(declare: Declare, reads: dict[str, str]) -> None:
    with pytest.raises(DefinitionError, match=r"These datasets read each other: .* <- ") as caught:
        DatasetGraph.of([declare("start"), *(declare(name, read) for name, read in reads.items())])
    assert all(f"{name} at " in str(caught.value) for name in reads)
    assert "start" not in str(caught.value).replace(str(Path(__file__).parent), "")


@pytest.mark.parametrize(
    ("upstream", "downstream", "mapping"),
    [
        (DAILY, DAILY, None),
        (DAILY, DAILY, lookback(days=1)),
        (DAILY, DAILY, all_partitions()),
        (DAILY, LATER, all_partitions()),
        (DAILY, LETTERS, all_partitions()),
        (LETTERS, None, all_partitions()),
        (LETTERS, LETTERS, None),
        (None, DAILY, None),
        (None, None, None),
    ],
)
def test_inputs_whose_partitions_can_be_mapped(
    declare: Declare, upstream: object, downstream: object, mapping: object
) -> None:
    ins = {"a": mapping} if mapping else None
    graph = DatasetGraph.of([declare("a", partitions=upstream), declare("b", "a", partitions=downstream, ins=ins)])
    assert list(graph.datasets) == ["a", "b"]


@pytest.mark.parametrize(
    ("upstream", "downstream", "mapping", "message"),
    [
        (DAILY, None, None, r"dataset b reads a, whose partitions differ; .* say .* `ins={\"a\": all_partitions\(\)}`"),
        (DAILY, LETTERS, None, "whose partitions differ"),
        (DAILY, LATER, None, "whose partitions differ"),
        (DAILY, LATER, lookback(days=1), "whose partitions differ"),
        (None, DAILY, lookback(days=1), "dataset b: a has no partitions; leave it out of `ins`"),
        (None, DAILY, all_partitions(), "dataset b: a has no partitions; leave it out of `ins`"),
    ],
)
def test_inputs_whose_partitions_cannot_be_mapped(
    declare: Declare, upstream: object, downstream: object, mapping: object, message: str
) -> None:
    ins = {"a": mapping} if mapping else None
    with pytest.raises(DefinitionError, match=message):
        DatasetGraph.of([declare("a", partitions=upstream), declare("b", "a", partitions=downstream, ins=ins)])


DATASET = """
    from duckdb import DuckDBPyRelation
    from flow_assets import DatasetSchema, String, column, dataset

    class Schema(DatasetSchema):
        letter: String = column("A letter")

    @dataset(schema=Schema, sort_by=["letter"])
    def NAME(READS) -> DuckDBPyRelation: ...
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Writes a file of the package `letters_package`, which can then be imported."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(path: str, text: str) -> None:
        file = tmp_path / "letters_package" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        (tmp_path / "letters_package" / "__init__.py").touch()
        file.write_text(dedent(text))

    yield write
    for name in [m for m in sys.modules if m.partition(".")[0] == "letters_package"]:
        del sys.modules[name]


def source_of(name: str, *reads: str) -> str:
    parameters = ", ".join(f"{read}: DuckDBPyRelation" for read in reads)
    return dedent(DATASET).replace("NAME", name).replace("READS", parameters)


def test_datasets_are_found_in_every_module_of_a_package(write: Callable[[str, str], None]) -> None:
    write("raw/vowels.py", '"""The vowels, as they came."""' + source_of("vowels"))
    write("features/words.py", source_of("words", "vowels"))
    write("calendar.py", "DAYS = 365")
    graph = find_datasets("letters_package")
    assert list(graph.datasets) == ["vowels", "words"]
    assert graph.get("vowels").layer == "raw"
    assert graph.get("vowels").description == "The vowels, as they came."
    assert graph.get("words").location.endswith("words.py:8")


def test_a_dataset_that_another_module_imports_is_found_once(write: Callable[[str, str], None]) -> None:
    write("vowels.py", source_of("vowels"))
    write("again.py", "from letters_package.vowels import vowels\nsame = vowels")
    assert list(find_datasets("letters_package").datasets) == ["vowels"]


def test_a_single_module_is_searched_too(write: Callable[[str, str], None]) -> None:
    write("vowels.py", source_of("vowels"))
    assert list(find_datasets("letters_package.vowels").datasets) == ["vowels"]


def test_a_package_without_datasets_is_told(write: Callable[[str, str], None]) -> None:
    write("calendar.py", "DAYS = 365")
    with pytest.raises(DefinitionError, match="letters_package: no dataset is declared in it"):
        find_datasets("letters_package")


def test_folders_that_are_no_packages_are_told(write: Callable[[str, str], None], tmp_path: Path) -> None:
    write("calendar.py", "DAYS = 365")
    for layer in ("partitioned", "raw"):
        write(f"{layer}/vowels.py", source_of("vowels"))
        (tmp_path / "letters_package" / layer / "__init__.py").unlink()
    with pytest.raises(DefinitionError, match=r"in it; .*/partitioned, .*/raw has Python files but no __init__.py"):
        find_datasets("letters_package")


@pytest.mark.parametrize("package", ["no_such_package", "letters_package.missing", "no_such_package.at.all"])
def test_a_package_that_is_not_there_names_the_setting(write: Callable[[str, str], None], package: str) -> None:
    write("vowels.py", source_of("vowels"))
    with pytest.raises(DefinitionError, match=rf"{package}: there is no such module; set FLOW_ASSETS_DATASETS"):
        find_datasets(package)


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("broken.py", "a = 1\nb = a / 0", r"letters_package\.broken: .* ZeroDivisionError: .*broken\.py:2\)"),
        ("broken.py", "import no_such_thing", r"letters_package\.broken: .*No module named 'no_such_thing'"),
        ("broken.py", "def (", r"letters_package\.broken: .*SyntaxError: .*\(broken\.py, line 1\)"),
        ("raw/__init__.py", "a = 1 / 0", r"letters_package\.raw: .*ZeroDivisionError: .*raw/__init__\.py:1\)"),
        ("raw/__init__.py", "import no_such_thing", r"letters_package\.raw: .*No module named 'no_such_thing'"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_with_the_line(
    write: Callable[[str, str], None], path: str, text: str, message: str
) -> None:
    write(path, text)
    with pytest.raises(DefinitionError, match=message):
        find_datasets("letters_package")


@pytest.mark.parametrize("package", ["letters_package.data", "letters_package.data.vowels"])
@pytest.mark.parametrize("failing", ["raise ValueError(1)", "raise DefinitionError('no')", "landed('a.xml')"])
def test_the_line_told_is_the_datasets_and_not_one_of_what_it_calls(
    write: Callable[[str, str], None], package: str, failing: str
) -> None:
    write(
        "machinery.py",
        f"from flow_assets import landed\nfrom flow_assets.errors import DefinitionError\ndef fail():\n  {failing}",
    )
    write("data/vowels.py", "from letters_package.machinery import fail\n\nfail()")
    with pytest.raises(DefinitionError, match=r"letters_package/data/vowels\.py:3"):
        find_datasets(package)


def test_a_package_that_fails_itself_is_told_with_its_line(write: Callable[[str, str], None]) -> None:
    write("data/vowels.py", source_of("vowels"))
    write("__init__.py", "from flow_assets import landed\nlanded('a.xml')")
    for package in ("letters_package", "letters_package.data"):
        with pytest.raises(DefinitionError, match=r"letters_package/__init__\.py:2"):
            find_datasets(package)


def test_a_wrong_declaration_is_told_as_it_is(write: Callable[[str, str], None]) -> None:
    write("vowels.py", source_of("vowels").replace('["letter"]', '["lettre"]'))
    with pytest.raises(DefinitionError, match=r"vowels\.py:8: dataset vowels: Schema has no column `lettre`\.$"):
        find_datasets("letters_package")


@pytest.mark.parametrize(
    ("dataset", "on", "said"),
    [
        ("letters", {"letter": "letter"}, None),
        ("letter", {"letter": "letter"}, "refers to 'letter', which is not there. Did you mean 'letters'?"),
        (
            "counts",
            {"letter": "letter"},
            "refers to 'counts', which is itself; within a partition rows are compared by",
        ),
        ("letters", {"letter": "size"}, "refers to 'letters', which has no column size."),
        ("letters", {"count": "day"}, "refers to 'letters', where day is String and not Int32, as count is."),
    ],
)
def test_what_a_rule_refers_to_must_be_there(
    declare: Declare, dataset: str, on: dict[str, str], said: str | None
) -> None:
    class Counts(DatasetSchema):
        letter: String = column("A letter")
        count: Int32 = column("How many")

        @classmethod
        def rules(cls) -> list[Rule]:
            return [references(dataset, on=on, name="known")]

    @declare_dataset(schema=Counts, sort_by=["letter"])
    def counts() -> DuckDBPyRelation: ...

    datasets = [declare("letters"), counts]
    if said is None:
        assert set(DatasetGraph.of(datasets).datasets) == {"letters", "counts"}
        return
    with pytest.raises(DefinitionError) as caught:
        DatasetGraph.of(datasets)
    assert f"dataset counts: rule known {said}" in str(caught.value)
