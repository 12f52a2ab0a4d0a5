import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import flow_assets

PACKAGE = Path(flow_assets.__file__).parent
CONTRACT = PACKAGE.parent / "setup.cfg"
ROOMS = "Imports go down only; rooms on one line do not know each other BROKEN"
DATASETS = "Datasets know each other by name, never by import BROKEN"
DAGSTER = "Only definitions, automation and the skin talk to Dagster BROKEN"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The contract beside a package that has its rooms, all of them empty, and the real package's exports."""
    shutil.copy(CONTRACT, tmp_path)
    contract = configparser.ConfigParser()
    contract.read(CONTRACT)
    package = tmp_path / "flow_assets"
    for room in re.findall(r"\w+", contract["importlinter:contract:rooms"]["layers"]):
        write(package / room / "__init__.py")
    shutil.copy(PACKAGE / "__init__.py", package)
    write(package / "datasets" / "raw" / "raw_flights.py")
    return tmp_path


def write(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.write_text(text)


def lint(tree: Path) -> tuple[int, str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "text", "broken", "said"),
    [
        ("errors/__init__.py", "from flow_assets.settings import Settings", ROOMS, "errors is not allowed to import"),
        ("errors/__init__.py", "from flow_assets import dataset", ROOMS, "errors is not allowed to import"),
        ("declaration/inputs.py", "import flow_assets.ledger", ROOMS, "declaration is not allowed to import"),
        ("memo/key.py", "def f():\n    import flow_assets.cli", ROOMS, "memo is not allowed to import"),
        ("lake/objects.py", "import flow_assets.ledger", ROOMS, "lake is not allowed to import"),
        ("ledger/tables.py", "import flow_assets.lake", ROOMS, "ledger is not allowed to import"),
        ("checks/scan.py", "import flow_assets.memo", ROOMS, "checks is not allowed to import"),
        ("memo/key.py", "import flow_assets.checks", ROOMS, "memo is not allowed to import"),
        (
            "materialization/compute.py",
            "import flow_assets.datasets",
            ROOMS,
            "materialization is not allowed to import",
        ),
        ("utils.py", "", ROOMS, "- flow_assets.utils"),
        ("datasets/raw/one.py", "import flow_assets.datasets.raw.raw_flights", DATASETS, "raw.one"),
        ("datasets/features/one.py", "from flow_assets.datasets.raw import raw_flights", DATASETS, "features.one"),
        ("datasets/calendar.py", "import dagster", DAGSTER, "datasets.calendar -> dagster"),
        ("ledger/tables.py", "from dagster._core.storage import x", DAGSTER, "ledger.tables -> dagster"),
        ("cli/run.py", "def f():\n    import dagster_duckdb", DAGSTER, "cli.run -> dagster_duckdb"),
        ("materialization/compute.py", "import dagster", DAGSTER, "materialization.compute -> dagster"),
    ],
)
def test_a_breach_is_told(tree: Path, path: str, text: str, broken: str, said: str) -> None:
    write(tree / "flow_assets" / path, text)
    code, output = lint(tree)
    assert code == 1
    assert broken in output
    assert said in output


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("definitions/__init__.py", "import dagster"),
        ("automation/__init__.py", "import dagster"),
        ("automation/landing.py", "from dagster import sensor"),
        ("materialization/skin/assets.py", "import dagster, dagster_duckdb"),
        ("cli/run.py", "def f():\n    from flow_assets.definitions import defs"),
        ("datasets/raw/one.py", "from flow_assets import dataset\nimport flow_assets.datasets.calendar"),
    ],
)
def test_what_is_allowed_is_not_told(tree: Path, path: str, text: str) -> None:
    write(tree / "flow_assets" / path, text)
    code, output = lint(tree)
    assert code == 0, output
