"""The parts that everything works on, opened together from the settings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine

from flow_assets.checks import CONFORM_VERSION
from flow_assets.checks.expressions import require_sound_expressions
from flow_assets.checks.partition_query import require_answerable_queries
from flow_assets.declaration import Dataset, DatasetGraph, find_datasets
from flow_assets.engines import FRAMES_VERSION, READER_VERSION
from flow_assets.errors import SettingsError
from flow_assets.lake import ObjectStore
from flow_assets.ledger import Alerts, Claims, Holdings, States, open_database
from flow_assets.memo.content import CONTENT_HASH_VERSION
from flow_assets.memo.key import Recipe, make_recipe
from flow_assets.memo.landing import Landing
from flow_assets.memo.planner import Planner, Wishes
from flow_assets.memo.remote_landing import Looks
from flow_assets.settings import Settings

STAGE_VERSIONS = {
    "reader": READER_VERSION,
    "frames": FRAMES_VERSION,
    "conform": CONFORM_VERSION,
    "content hash": CONTENT_HASH_VERSION,
}


@dataclass(frozen=True)
class Project:
    """Settings, datasets, store and ledger of one deployment."""

    settings: Settings
    graph: DatasetGraph
    store: ObjectStore
    engine: Engine
    holdings: Holdings
    looks: Looks

    @classmethod
    def open(cls, settings: Settings, graph: DatasetGraph | None = None) -> Self:
        """Find the datasets and open the store and the ledger, making what is not there yet.

        Raises:
            FlowError: the datasets, the settings, the store or the ledger cannot be used.
        """
        graph = graph or find_datasets(settings.datasets)
        require_sound_expressions(graph.datasets.values())
        require_answerable_queries(graph.datasets.values())
        if unknown := set(settings.config) - set(graph.datasets):
            raise SettingsError(f"FLOW_ASSETS_CONFIG: there is no dataset {', '.join(sorted(unknown))}.")
        engine = open_database(settings.ledger)
        holdings = Holdings(engine, settings.environment)
        looks = Looks(settings.remote_seconds)
        return cls(settings, graph, ObjectStore(settings.store), engine, holdings, looks)

    @property
    def states(self) -> States:
        """What profiles are made from."""
        return self.holdings.states

    def planner(self, datasets: Iterable[Dataset], wishes: Wishes | None = None, *, may_wait: bool = True) -> Planner:
        """A planner for `datasets`, as the ledger, the landing folder and the code are now.

        Args:
            datasets: what is to be planned.
            wishes: what somebody wants besides what has changed.
            may_wait: whether a file that landed just now is waited for, or left to the next plan.
        """
        recipes = {dataset.name: self.recipe(dataset) for dataset in datasets}
        fetched = self.settings.scratch / "fetched"
        settle = self.settings.settle_seconds
        landing = Landing(self.settings.landing, self.holdings, settle, fetched, self.looks, may_wait=may_wait)
        return Planner(self.graph, recipes, self.holdings, self.store, landing, wishes or Wishes())

    def recipe(self, dataset: Dataset) -> Recipe:
        """How `dataset` is made now."""
        fields = self.settings.config.get(dataset.name, {})
        reads = {name: self.graph.get(name).schema for name in dataset.ins}
        return make_recipe(dataset, fields, self.settings.package_precision, STAGE_VERSIONS, reads)

    @property
    def alerts(self) -> Alerts:
        """What is off, and who was told."""
        return Alerts(self.engine, self.settings.environment, self.graph.owners)

    def claims(self) -> Claims:
        """A new owner of claims."""
        return Claims(self.engine, self.settings.environment)
