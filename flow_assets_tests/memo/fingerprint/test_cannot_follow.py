"""What has no content that can be read is an error that names the way to it and the ways out."""

import pytest

from flow_assets.errors import DefinitionError, FingerprintError
from flow_assets_tests.memo.fingerprint.projects import project_fingerprint, read_cases

CANNOT_FOLLOW = list(read_cases("cannot_follow.txt", "==="))


@pytest.mark.parametrize(("name", "project", "says"), CANNOT_FOLLOW, ids=[name for name, *_ in CANNOT_FOLLOW])
def test_the_message_names_the_reference_and_the_ways_out(tmp_path, name, project, says):
    with pytest.raises(FingerprintError) as raised:
        project_fingerprint(tmp_path, project)
    message = str(raised.value)
    assert says in message
    assert message.startswith("project.features.")
    assert all(way in message for way in ("code_version=", "depends_on=", "ignore="))
    assert issubclass(FingerprintError, DefinitionError)


FAR_AWAY = """
from .a import f
def compute(): return f()
#: a.py
import threading
X = threading.Lock()
def f():
    return X
"""


def test_the_message_says_where_the_reference_is(tmp_path):
    with pytest.raises(FingerprintError, match=r"\(project/a\.py:4\).*ignore=\('project\.a\.X',\)"):
        project_fingerprint(tmp_path, FAR_AWAY)


LOCK = """
import threading
LOCK = threading.Lock()
class C:
    def __init__(self):
        self.lock = LOCK
I = C()
"""
LOCK_ELSEWHERE = f"from .a import f\ndef compute(): return f()\n#: a.py{LOCK}def f(): return LOCK"


@pytest.mark.parametrize(
    ("project", "ignore"),
    [
        (LOCK + "def compute(): return LOCK", "('LOCK',)"),
        (LOCK + "def compute(): return LOCK", "(LOCK,)"),
        (LOCK + "def compute(): return LOCK", "('project.features.LOCK',)"),
        (LOCK + "def compute(): return I", "(LOCK,)"),
        (LOCK + "def compute(): return I", "(I,)"),
        (LOCK + "def compute(): return [LOCK for _ in 'ab']", "(LOCK,)"),
        (
            "from .a import f\ndef compute(): return f()\n#: a.py\n" + LOCK + "def f(): return LOCK",
            "('project.a.LOCK',)",
        ),
        (LOCK_ELSEWHERE, "(f,)"),
        (LOCK_ELSEWHERE, "('project.a.f',)"),
        ("from . import a\ndef compute(): return a\n#: a.py\n", "('a',)"),
        ("def compute(x): return eval(x)", "('builtins.eval',)"),
        ("def compute(x): return eval(x)", "(eval,)"),
        ("import importlib\ndef compute(x): return importlib.import_module(x)", "('importlib.import_module',)"),
    ],
)
def test_what_is_ignored_is_no_error(tmp_path, project, ignore):
    assert project_fingerprint(tmp_path, project, ignore=ignore).digest


def test_a_name_without_a_module_ignores_nothing_in_other_modules(tmp_path):
    project = LOCK_ELSEWHERE
    with pytest.raises(FingerprintError):
        project_fingerprint(tmp_path, project, ignore="('LOCK',)")
