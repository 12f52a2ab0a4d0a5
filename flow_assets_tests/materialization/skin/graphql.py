"""What Dagster's GraphQL answers, with a real code server."""

import os
from typing import Any
from unittest import mock

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster_graphql.cli import execute_query

from flow_assets_tests.sandbox import Sandbox


def answered(sandbox: Sandbox, instance: dg.DagsterInstance, query: str) -> Any:
    """The data of a query's answer; the code server has ended when it is there."""
    target = ModuleTarget("flow_assets.definitions", None, working_directory=None, location_name="flow_assets")
    with (
        mock.patch.dict(os.environ, sandbox.environment()),
        mock.patch.object(dg.DagsterInstance, "wait_for_local_code_server_processes_on_shutdown", True),
        WorkspaceProcessContext(instance, target) as context,
    ):
        answer = execute_query(context, query)
    assert "errors" not in answer, answer
    return answer["data"]
