"""Small projects written as one text, which tests import afresh and edit.

A line `#: name.py` begins a file of the package `project`; what comes before the first one is `features.py`.
"""

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from flow_assets.memo.fingerprint import Fingerprint, fingerprint


@dataclass(frozen=True)
class Edit:
    """A project, and one replacement in its text."""

    name: str
    project: str
    old: str
    new: str

    @property
    def after(self) -> str:
        """The edited project."""
        assert self.old in dedent(self.project), f"{self.name}: nothing to replace"
        return dedent(self.project).replace(self.old, self.new)


def write_project(folder: Path, text: str) -> Path:
    """Write the files of a project below `folder`, which is its root."""
    parts = re.split(r"^#: (\S+)\n", "#: features.py\n" + dedent(text), flags=re.MULTILINE)[1:]
    for name, content in zip(parts[::2], parts[1::2], strict=True):
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def read_cases(file: str, *marks: str) -> Iterator[tuple[str, ...]]:
    """The cases in a text file: `## name`, the project, then for each mark the text of the lines that begin with it.

    A project left out is the one called `(project)`.
    """
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    shared = ""
    for block in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        name, *lines = block.split("\n")
        project = "\n".join(line for line in lines if not line.startswith(marks))
        if name == "(project)":
            shared = project
            continue
        marked = ("\n".join(line[4:] for line in lines if line.startswith(mark)) for mark in marks)
        yield (name, project if project.strip() else shared, *marked)


def read_edits(file: str) -> list[Edit]:
    """The edits in a text file: from the lines that begin with `---` to those that begin with `+++`."""
    return [Edit(*case) for case in read_cases(file, "---", "+++")]


@contextmanager
def imported(folder: Path):
    """The project's module of features, freshly imported; forgotten afterwards."""
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module("project.features")
    finally:
        sys.dont_write_bytecode = writes_bytecode
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == "project"]:
            del sys.modules[name]


def project_fingerprint(folder: Path, text: str, **options) -> Fingerprint:
    """Fingerprint of `compute` in a project written below `folder`; an option may be an expression over the module."""
    with imported(write_project(folder, text)) as module:
        given = {name: eval(value, vars(module)) for name, value in options.items()}
        return fingerprint(module.compute, **given)
