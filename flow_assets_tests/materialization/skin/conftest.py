from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pytest

from flow_assets.definitions import build_definitions
from flow_assets.materialization.outcomes import Outcome
from flow_assets.materialization.skin import open_instance
from flow_assets_tests.sandbox import Sandbox


@dataclass
class Deployment:
    """A sandbox as Dagster sees it: its definitions, and an instance in its folder."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def computed(self) -> list[str]:
        """What was computed so far, each as `dataset partition`."""
        return [f"{o.dataset} {o.partition}".strip() for o in self.outcomes if o.status.value == "computed"]

    def materialize(self, *names: str, days: tuple[str, str] | None = None) -> dg.ExecuteInProcessResult:
        """One run as Dagster itself would launch it: nothing in it comes from `flow run`."""
        tags = {}
        if days:
            tags = dict(zip((f"dagster/asset_partition_range_{end}" for end in ("start", "end")), days, strict=True))
        self.outcomes.clear()
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(name) for name in names],
            tags=tags,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    def events(self, result: dg.ExecuteInProcessResult) -> dict[str, Any]:
        """`dataset partition` to the materialization or observation that the run recorded of it."""
        records = [
            record.event_log_entry.dagster_event
            for kind in (dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION)
            for record in self.instance.get_records_for_run(result.run_id, of_type=kind).records
        ]
        found = {}
        for event in filter(None, records):
            data: Any = event.event_specific_data
            value = getattr(data, "materialization", None) or data.asset_observation
            name = f"{value.asset_key.to_user_string()} {value.partition or ''}".strip()
            assert name not in found, f"two events for {name}"
            found[name] = value
        return found


@contextmanager
def deploy(sandbox: Sandbox) -> Iterator[Deployment]:
    """The deployment of a sandbox as its files are now."""
    outcomes: list[Outcome] = []
    with sandbox.project() as project, open_instance(sandbox.settings.dagster_home) as instance:
        yield Deployment(build_definitions(project, outcomes.append), instance, outcomes)


@pytest.fixture
def deployment(sandbox: Sandbox) -> Iterator[Deployment]:
    with deploy(sandbox) as made:
        yield made
