"""All datasets of a package, found by importing it and validated together."""

import graphlib
import importlib
import importlib.util
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from flow_assets.declaration.calls import call_hint
from flow_assets.declaration.constraints import References
from flow_assets.declaration.dataset import Dataset
from flow_assets.declaration.inputs import AllPartitions, SamePartition
from flow_assets.declaration.partitions import Partitions
from flow_assets.declaration.type_names import type_name
from flow_assets.errors import DefinitionError, SelectionError, sentence
from flow_assets.texts import shortened

_TEXT_LENGTH = 100
_HAS_PLACE = re.compile(r"\.py:\d+:")


@dataclass(frozen=True)
class DatasetGraph:
    """Datasets by name, each after the ones it reads.

    Build it with `DatasetGraph.of`, which validates.
    """

    datasets: Mapping[str, Dataset]

    @classmethod
    def of(cls, datasets: Iterable[Dataset]) -> "DatasetGraph":
        """The validated graph of `datasets`.

        Raises:
            DefinitionError: a name is used twice, an input does not exist, the graph has a cycle, or an input's
                partitions cannot be mapped.
        """
        by_name: dict[str, Dataset] = {}
        for dataset in datasets:
            other = by_name.setdefault(dataset.name, dataset)
            if other is not dataset:
                raise DefinitionError(
                    f"{dataset.location}: dataset {dataset.name} is declared already, at {other.location}; rename one."
                )
        for dataset in by_name.values():
            for name in dataset.ins:
                _validate_input(dataset, name, by_name)
            _validate_references(dataset, by_name)
        return cls({name: by_name[name] for name in _topological_order(by_name)})

    @property
    def owners(self) -> dict[str, tuple[str, ...]]:
        """Who owns each dataset."""
        return {name: dataset.owners for name, dataset in self.datasets.items()}

    def select(self, names: Iterable[str] = ()) -> tuple[Dataset, ...]:
        """The named datasets with everything they read, in topological order; all of them where none is named.

        Raises:
            SelectionError: a name does not exist; the message suggests the nearest.
        """
        wanted = [self.get(name) for name in names]
        if not wanted:
            return tuple(self.datasets.values())
        selected: set[str] = set()
        while wanted:
            dataset = wanted.pop()
            if dataset.name not in selected:
                selected.add(dataset.name)
                wanted.extend(self.datasets[name] for name in (*dataset.ins, *dataset.refers))
        return tuple(d for d in self.datasets.values() if d.name in selected)

    def get(self, name: str) -> Dataset:
        """The dataset called `name`.

        Raises:
            SelectionError: there is none; the message suggests the nearest.
        """
        if name not in self.datasets:
            raise SelectionError(f"There is no dataset {name!r}.{_suggestion(name, self.datasets)}")
        return self.datasets[name]


def find_datasets(package: str) -> DatasetGraph:
    """Import every module of `package` and gather the datasets declared there.

    Raises:
        DefinitionError: the package cannot be imported, holds no dataset, or its datasets contradict each other.
    """
    _make_findable(package)
    found: dict[int, Dataset] = {}
    for name in _modules(package):
        for value in vars(_import(name, package)).values():
            if isinstance(value, Dataset):
                found[id(value)] = value
    if not found:
        raise DefinitionError(f"{package}: no dataset is declared in it{_overlooked(package)}.")
    return DatasetGraph.of(sorted(found.values(), key=lambda d: d.name))


def _make_findable(package: str) -> None:
    """Let a package in the current folder be imported, where none of that name is installed."""
    if not all(part.isidentifier() for part in package.split(".")):
        raise DefinitionError(
            f"FLOW_ASSETS_DATASETS={package!r} is no module's name; write one as in my_package.datasets."
        )
    top = package.partition(".")[0]
    if top not in sys.modules and importlib.util.find_spec(top) is None:
        sys.path.append(str(Path.cwd()))
        importlib.invalidate_caches()


def _modules(package: str) -> list[str]:
    path = getattr(_import(package, package), "__path__", None)
    if path is None:
        return [package]
    # What a subpackage raises is left to `_import`, which says where.
    return [package, *(m.name for m in pkgutil.walk_packages(path, f"{package}.", onerror=lambda _: None))]


def _overlooked(package: str) -> str:
    """Why nothing may have been found: folders of Python files are not looked into if they are no packages."""
    folders = [Path(folder) for folder in getattr(sys.modules[package], "__path__", ())]
    within = sorted({file.parent for folder in folders for file in folder.rglob("*.py")} - set(folders))
    if bare := [str(folder) for folder in within if not (folder / "__init__.py").exists()]:
        return f"; {', '.join(bare)} has Python files but no __init__.py, so it is not looked into; add an empty one"
    return "; declare one in a module there with `@dataset`, see docs/add-a-dataset.md"


def _import(module: str, package: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except DefinitionError as error:
        if _HAS_PLACE.search(str(error)):
            raise
        raise DefinitionError(f"{_place(package, error)}: {error}") from error
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise _import_error(module, package, error) from error
        raise DefinitionError(
            f"{module}: there is no such module; set FLOW_ASSETS_DATASETS to one that is installed or in {Path.cwd()}."
        ) from error
    except Exception as error:  # whatever a dataset's file raises, people are told where
        raise _import_error(module, package, error) from error


def _import_error(module: str, package: str, error: Exception) -> DefinitionError:
    place = _place(package, error)
    hint = call_hint(error)
    said = sentence(str(error)) + hint if hint else str(error)
    return DefinitionError(f"{module}: cannot be imported: {type(error).__name__}: {said} (at {place})")


def _place(package: str, error: Exception) -> str:
    """File and line of the datasets' own code from which an error came, below whatever library raised it."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    places = _places(package)
    own = [frame for frame in frames if frame.filename.startswith(places)]
    return f"{(own or frames)[-1].filename}:{(own or frames)[-1].lineno}"


def _places(package: str) -> tuple[str, ...]:
    """The folders of a package, or the file of a module."""
    try:
        spec = importlib.util.find_spec(package)
    except Exception:  # noqa: BLE001  what it is in cannot be imported, which is the error that is being told
        spec = importlib.util.find_spec(package.partition(".")[0])
    folders = spec.submodule_search_locations if spec else None
    return tuple(f"{folder}/" for folder in folders or ()) or ((spec.origin or "",) if spec else ())


def _validate_input(dataset: Dataset, name: str, known: Mapping[str, Dataset]) -> None:
    if name not in known:
        raise DefinitionError(
            f"{dataset.location}: dataset {dataset.name} reads {name!r}, which is not there.{_suggestion(name, known)}"
        )
    upstream, mapping = known[name], dataset.ins[name]
    if upstream.partitions is None:
        if not isinstance(mapping, SamePartition):
            raise DefinitionError(
                f"{dataset.location}: dataset {dataset.name}: {name} has no partitions; leave it out of `ins`."
            )
    elif not isinstance(mapping, AllPartitions) and upstream.partitions != dataset.partitions:
        raise DefinitionError(
            f"{dataset.location}: dataset {dataset.name} reads {name}, whose partitions differ; give both the same, or "
            f'say which ones it reads: `ins={{"{name}": all_partitions()}}`. It has {_text(dataset.partitions)}, '
            f"{name} has {_text(upstream.partitions)}."
        )


def _validate_references(dataset: Dataset, known: Mapping[str, Dataset]) -> None:
    for rule in dataset.rules:
        if not isinstance(rule.constraint, References):
            continue
        problem, name = "", rule.constraint.dataset
        if name == dataset.name:
            problem = "which is itself; within a partition rows are compared by `unique`, `row_rule` or a query."
        elif name not in known:
            problem = f"which is not there.{_suggestion(name, known)}"
        elif mismatch := _mismatch(dataset, rule.constraint, known[name]):
            problem = mismatch
        elif rule.quarantine and dataset.source:
            problem = "and quarantines lines of a landed file; let a dataset that reads this one do that."
        if problem:
            raise DefinitionError(
                f"{dataset.location}: dataset {dataset.name}: rule {rule.name} refers to {name!r}, {problem}"
            )


def _mismatch(dataset: Dataset, constraint: References, other: Dataset) -> str | None:
    here, there = ({c.name: c.type for c in d.schema.columns()} for d in (dataset, other))
    if missing := sorted({name for _, name in constraint.on} - set(there)):
        return f"which has no column {', '.join(missing)}."
    for column, name in constraint.on:
        if here[column] != there[name]:
            return f"where {name} is {type_name(there[name])} and not {type_name(here[column])}, as {column} is."
    return None


def _text(partitions: Partitions | None) -> str:
    text = "no partitions" if partitions is None else repr(partitions)
    return shortened(text, _TEXT_LENGTH)


def _topological_order(datasets: Mapping[str, Dataset]) -> tuple[str, ...]:
    try:
        before = {name: sorted((*dataset.ins, *dataset.refers)) for name, dataset in datasets.items()}
        return tuple(graphlib.TopologicalSorter(before).static_order())
    except graphlib.CycleError as error:
        cycle = error.args[1]
        places = "\n  ".join(f"{name} at {datasets[name].location}{_by_rules(datasets[name])}" for name in cycle[:-1])
        raise DefinitionError(f"These datasets read each other: {' <- '.join(cycle)}\n  {places}") from error


def _by_rules(dataset: Dataset) -> str:
    """The rules by which it refers to what it does not read."""
    found = [
        f"{rule.name} refers to {rule.constraint.dataset}"
        for rule in dataset.rules
        if isinstance(rule.constraint, References) and rule.constraint.dataset in dataset.refers
    ]
    return f" (rule {', rule '.join(found)})" if found else ""


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(sorted(known))}."
