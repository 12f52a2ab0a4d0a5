"""Whose code is this: ours, the standard library's, a third-party distribution's, or the machinery's?

Code is followed unless it is installed. So a module outside the project's folder that is not installed either (a
sibling project in editable mode) is followed as well: its version says nothing about its content.
"""

import importlib.metadata
import os
import re
import sys
import sysconfig
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType

from flow_assets.memo.fingerprint.part import Outside

_MACHINERY = Path(__file__).resolve().parents[2]
_DATASETS = _MACHINERY / "datasets"
_STDLIB = tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")})
_INSTALLED = {"site-packages", "dist-packages"}


@dataclass(frozen=True)
class Place:
    """Where a module lies.

    Attributes:
        kind: "first-party", "machinery", "stdlib" or "package".
        distribution: name of the distribution that owns it, for a package.
    """

    kind: str
    distribution: str | None = None

    @property
    def is_followed(self) -> bool:
        """Whether the code is part of a fingerprint."""
        return self.kind == "first-party"

    def outside(self, name: str) -> Outside:
        """The leaf for something in this place."""
        return Outside(self.kind, name, self.distribution)


FIRST_PARTY = Place("first-party")
STDLIB = Place("stdlib")


@dataclass(frozen=True)
class Territory:
    """The project's folder, and the place of each file and module seen from it."""

    root: Path
    _places: dict[str, Place] = field(default_factory=dict, compare=False)

    def place_of_module(self, module: ModuleType | str) -> Place | None:
        """The place of a module, given by name too; None if no such module is loaded."""
        name = module if isinstance(module, str) else module.__name__
        module = sys.modules.get(name, module)
        if isinstance(module, str):
            top = name.partition(".")[0]
            return STDLIB if top in sys.stdlib_module_names else self.place_of_module(top) if top != name else None
        if file := _file_of(module):
            return self.place_of_file(file)
        if name.partition(".")[0] in sys.stdlib_module_names:
            return STDLIB
        return self.place_of_module(name.rpartition(".")[0]) if "." in name else FIRST_PARTY

    def place_of_file(self, file: str) -> Place:
        """The place of a source file or extension module."""
        if file not in self._places:
            self._places[file] = self._locate(Path(file).resolve())
        return self._places[file]

    def _locate(self, file: Path) -> Place:
        root = self.root.resolve()
        if file.is_relative_to(_MACHINERY) and not file.is_relative_to(_DATASETS):
            return Place("machinery")
        if installed := _installed_folder(file, root):
            distribution = _distribution(installed, file.relative_to(installed))
            return Place("package", distribution) if distribution else FIRST_PARTY
        return STDLIB if any(file.is_relative_to(folder) for folder in _STDLIB) else FIRST_PARTY

    def relative(self, path: str) -> str:
        """A file's path below the checkout, if it lies there; otherwise as it is."""
        start, *below = self.split(path)
        return below[0].removeprefix(os.sep) if below and not start else path

    def split(self, text: str) -> list[str]:
        """The pieces of a text around each mention of the checkout's folder; the text alone if it has none."""
        return self._checkout.split(text)

    @cached_property
    def _checkout(self) -> re.Pattern[str]:
        marked = (folder for folder in (self.root, *self.root.parents) if _is_checkout(folder))
        checkout = next(marked, self.root)
        names = {str(checkout), str(checkout.resolve())}
        return re.compile(
            "(?:" + "|".join(re.escape(name) for name in sorted(names)) + rf")(?=[{re.escape(os.sep)}]|$)"
        )


@cache
def territory(root: Path) -> Territory:
    """The territory of a project's folder, which remembers what it has located."""
    return Territory(root.absolute())


def root_of(module: str, file: str) -> Path:
    """The folder that contains a module's top-level package; the package itself where it is installed.

    Args:
        module: name of the module.
        file: where its code lies, in case it is not registered as loaded.
    """
    top = sys.modules.get(module.partition(".")[0])
    path = Path((top and _file_of(top)) or file).absolute()
    package = path.parent if path.name.startswith("__init__.") else path
    return package if package.parent.name in _INSTALLED else package.parent


def _is_checkout(folder: Path) -> bool:
    return (folder / ".git").exists() or (folder / "pyproject.toml").is_file()


def _file_of(module: ModuleType) -> str | None:
    if file := getattr(module, "__file__", None):
        return str(file)
    path = next(iter(getattr(module, "__path__", ())), None)
    return str(Path(path) / "__init__.py") if path else None


def _installed_folder(file: Path, root: Path) -> Path | None:
    """The site-packages folder (or other folder of a virtual environment) through which a file is installed."""
    for folder in file.parents:
        if folder == root:
            return None
        if folder.name in _INSTALLED or (folder / "pyvenv.cfg").is_file():
            return folder
    return None


def _distribution(installed: Path, file: Path) -> str | None:
    top = file.parts[0]
    is_package = (installed / top / "__init__.py").is_file()
    return _owner(installed, f"{top}/__init__.py" if is_package else file.as_posix())


@cache
def _owner(installed: Path, file: str) -> str | None:
    """Name of the distribution whose RECORD lists a file; one that is called like the package is looked at first."""
    top = _normalized(re.split(r"[/.]", file)[0])
    records = sorted(_records(installed), key=lambda record: _normalized(record[0]) != top)
    for _, record in records:
        if f"\n{file}," in "\n" + record.read_text(encoding="utf-8"):
            return _normalized(importlib.metadata.PathDistribution(record.parent).name)
    if installed.name not in _INSTALLED:
        return None
    names = importlib.metadata.packages_distributions().get(re.split(r"[/.]", file)[0], [])
    return _normalized(min(names)) if names else None


@cache
def _records(installed: Path) -> tuple[tuple[str, Path], ...]:
    found = ((entry.name.partition("-")[0], entry / "RECORD") for entry in sorted(installed.glob("*.dist-info")))
    return tuple((name, record) for name, record in found if record.is_file())


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
