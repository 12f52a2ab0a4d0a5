import re
import subprocess
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import flow_assets

TOP = Path(flow_assets.__file__).parent.parent
PYPROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())
LOCK = (TOP / "requirements.lock").read_text().splitlines()


def test_the_lock_holds_names_and_versions_only() -> None:
    assert [line for line in LOCK if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []


def test_the_lock_satisfies_what_the_project_asks_for() -> None:
    locked = {canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in LOCK)}
    asked = [Requirement(line) for line in (*requires("flow_assets"), *PYPROJECT["build-system"]["requires"])]
    assert [str(r) for r in asked if not r.specifier.contains(locked[canonicalize_name(r.name)])] == []


def test_dagsters_two_entrances_agree() -> None:
    project = tomllib.loads((TOP / "dg.toml").read_text())["project"]
    (location,) = yaml.safe_load((TOP / "workspace.yaml").read_text())["load_from"]
    assert location["python_module"]["module_name"] == f"{project['root_module']}.definitions"
    assert location["python_module"]["location_name"] == project["code_location_name"]


def test_nothing_in_pyproject_keeps_dagster_dev_from_reading_the_workspace() -> None:
    assert not {"dg", "dagster"} & set(PYPROJECT["tool"])


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "README.md"])
def test_documented_targets_exist_and_are_listed(document: str) -> None:
    listed = subprocess.run(["make", "help"], cwd=TOP, capture_output=True, text=True, timeout=60, check=True).stdout
    documented = set(re.findall(r"^make (\w+)|`make (\w+)`", (TOP / document).read_text(), re.MULTILINE))
    assert documented
    assert {name for pair in documented for name in pair if name} <= set(
        re.findall(r"^make (\w+)", listed, re.MULTILINE)
    )
