"""The example for models: it learns more than carrier and hour, and no more than can be known."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flow_assets_tests.year import ROOT, Deployment

EXAMPLE = ROOT / "examples" / "train_delay_model.py"


DOCUMENT = (ROOT / "docs" / "load.md").read_text()


def python(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "FLOW_ASSETS_DATA": str(data), "OMP_WAIT_POLICY": "passive"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def train(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return python(data, str(EXAMPLE), *arguments)


@pytest.mark.slow
def test_it_is_better_than_carrier_and_hour_and_not_too_good_to_be_true(
    year: tuple[Deployment, dict[str, Any]],
) -> None:
    done = train(year[0].data)
    assert done.returncode == 0, done.stderr
    assert "delay_training_set, version " in done.stderr
    scores = table(done.stdout)
    assert [columns for columns, _, _ in scores.values()] == [0, 2, 42]
    base, plain, full = scores.values()
    assert base[1:] == (0.5, 0.221)
    assert 0.6 < plain[1] < 0.66
    assert plain[1] + 0.07 < full[1] < 0.8  # 0.9 and more would mean that a feature tells of the arrival
    assert plain[2] + 0.12 < full[2] < 0.6
    stated = table(EXAMPLE.read_text())
    assert {name: pytest.approx(values, abs=0.01) for name, values in stated.items()} == scores


def table(text: str) -> dict[str, tuple[float, ...]]:
    """Features to columns, area and precision, in the lines of a text that state them."""
    lines = re.findall(r"^ *(\w[\w :]*?) +(\d+) +(0\.\d{3}) +(0\.\d{3})$", text, re.MULTILINE)
    return {name: tuple(map(float, values)) for name, *values in lines}


@pytest.mark.slow
def test_the_page_on_loading_does_what_it_says(year: tuple[Deployment, dict[str, Any]]) -> None:
    loading, training, *_ = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    done = python(year[0].data, "-c", loading + training)
    assert done.returncode == 0, done.stderr
    (said,) = re.findall(r"^flow_assets: .*", DOCUMENT, re.MULTILINE)
    assert without_version(done.stderr.strip()) == without_version(said)


def without_version(said: str) -> str:
    assert re.search(r"version \w{12}:", said)
    return re.sub(r"version \w{12}", "version", said)


def test_its_help_needs_no_data(tmp_path: Path) -> None:
    done = train(tmp_path / "nowhere", "--help")
    assert done.returncode == 0
    assert "--training" in done.stdout
    assert done.stderr == ""


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    done = train(tmp_path / "nowhere", "--version", "abc")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("train_delay_model: There is no data at ")
    assert len(done.stderr.splitlines()) == 1
