"""What can change a result must change the fingerprint, and nothing else may: small edits, kept as text beside this."""

import pytest

from flow_assets_tests.memo.fingerprint.projects import project_fingerprint, read_edits

ROOMS = ("functions", "classes", "modules", "found")  # the last: found by trying to fool the fingerprint
MUST_CHANGE = [edit for room in ROOMS for edit in read_edits(f"must_change_{room}.txt")]
MUST_NOT_CHANGE = read_edits("must_not_change.txt")


@pytest.mark.parametrize("edit", MUST_CHANGE, ids=lambda edit: edit.name)
def test_what_can_change_a_result_changes_the_fingerprint(tmp_path, edit):
    before = project_fingerprint(tmp_path / "before", edit.project)
    again = project_fingerprint(tmp_path / "elsewhere" / "again", edit.project)
    after = project_fingerprint(tmp_path / "after", edit.after)
    assert before == again
    assert before.digest != after.digest


@pytest.mark.parametrize("edit", MUST_NOT_CHANGE, ids=lambda edit: edit.name)
def test_what_cannot_change_a_result_does_not_change_the_fingerprint(tmp_path, edit):
    before = project_fingerprint(tmp_path / "before", edit.project)
    after = project_fingerprint(tmp_path / "elsewhere" / "after", edit.after)
    assert before.digest == after.digest


def test_there_are_many_edits():
    assert len(MUST_CHANGE) > 150
    assert len(MUST_NOT_CHANGE) > 40
    names = [edit.name for edit in MUST_CHANGE + MUST_NOT_CHANGE]
    assert len(set(names)) == len(names)
