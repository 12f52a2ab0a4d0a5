"""The example for models: it learns more than carrier and hour, and no more than can be known."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flow_assets_tests.year import ROOT, Deployment

EXAMPLE = ROOT / "examples" / "train_delay_model.py"


def train(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        env={**os.environ, "FLOW_ASSETS_DATA": str(data), "OMP_WAIT_POLICY": "passive"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_it_is_better_than_carrier_and_hour_and_not_too_good_to_be_true(
    year: tuple[Deployment, dict[str, Any]],
) -> None:
    done = train(year[0].data)
    assert done.returncode == 0, done.stderr
    assert "delay_training_set, version " in done.stderr
    lines = [line.rsplit(maxsplit=3) for line in done.stdout.splitlines()[1:]]
    scores = {name.strip(): (int(columns), float(auc), float(precision)) for name, columns, auc, precision in lines}
    assert [columns for columns, _, _ in scores.values()] == [0, 2, 42]
    base, plain, full = scores.values()
    assert base[1:] == (0.5, 0.221)
    assert 0.6 < plain[1] < 0.66
    assert plain[1] + 0.07 < full[1] < 0.8  # 0.9 and more would mean that a feature tells of the arrival
    assert plain[2] + 0.12 < full[2] < 0.6
    assert done.stdout.strip() in written_down(), "the docstring states other figures"


def written_down() -> str:
    """The docstring's table, as the program prints it."""
    lines = [line.removeprefix("    ") for line in EXAMPLE.read_text().partition('"""\n\nimport')[0].splitlines()]
    return "\n".join(lines)


def test_its_help_needs_no_data(tmp_path: Path) -> None:
    done = train(tmp_path / "nowhere", "--help")
    assert done.returncode == 0
    assert "--training" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "There is no data at "), (("--version", "abc"), "There is no data at ")],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = train(tmp_path / "nowhere", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"train_delay_model: {said}")
    assert len(done.stderr.splitlines()) == 1
