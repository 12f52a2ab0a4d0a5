import threading
from pathlib import Path

import pytest

from flow_assets.materialization.skin import open_instance, prepare_home
from flow_assets_tests.forked import start_flow
from flow_assets_tests.sandbox import Sandbox


def test_several_may_make_the_instance_at_once(tmp_path: Path) -> None:
    raised: list[BaseException] = []
    barrier = threading.Barrier(4)

    def make() -> None:
        barrier.wait(10)
        try:
            with open_instance(tmp_path / "home") as instance:
                assert instance.get_runs() == []
        except BaseException as error:  # noqa: BLE001  told to the test's own thread
            raised.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert raised == []


def test_settings_that_somebody_edited_are_kept(sandbox: Sandbox) -> None:
    home = sandbox.settings.dagster_home
    with open_instance(home) as instance:
        assert not instance.telemetry_enabled
    file = home / "dagster.yaml"
    file.write_text(file.read_text() + "concurrency:\n  runs:\n    max_concurrent_runs: 3\n")
    with open_instance(home) as instance:
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 3


def test_a_home_that_cannot_be_made_is_told(sandbox: Sandbox) -> None:
    sandbox.settings.dagster_home.write_text("")
    done = start_flow(sandbox, "run").wait()
    assert done.code == 1
    assert done.stderr.startswith(f"flow: {sandbox.settings.dagster_home}/dagster.yaml cannot be written: ")


def test_a_settings_file_is_there_as_a_whole_or_not_at_all(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    home = sandbox.settings.dagster_home
    real, seen = Path.write_text, list[bool]()

    def written(path: Path, text: str) -> int:
        length = real(path, text[: len(text) // 2])
        seen.append((home / "dagster.yaml").exists())
        return length + real(path, text)

    monkeypatch.setattr(Path, "write_text", written)
    prepare_home(home)
    assert seen == [False]
    assert [path.name for path in home.iterdir()] == ["dagster.yaml"]
