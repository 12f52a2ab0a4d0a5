"""Tells Dagster how one dataset's partitions ended, and how their checks did."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from flow_assets.declaration import UNPARTITIONED, Dataset, Dimension
from flow_assets.materialization.outcomes import Outcome, Status
from flow_assets.materialization.skin.describe import event
from flow_assets.materialization.skin.evaluations import evaluations, in_sum, targets
from flow_assets.materialization.skin.events import forget_unevaluated, store_evaluations, store_together
from flow_assets.materialization.skin.provenance import Provenance


@dataclass(frozen=True)
class Selection:
    """What a run asks of the datasets of one step.

    Attributes:
        assets: names of the datasets to be made what they should be.
        checks: dataset to the names of its checks that are asked for, whether it is to be made or not.
        partitions: keys of those asked for; empty for all that are held, which only checks can be asked of.
    """

    assets: Collection[str]
    checks: Mapping[str, Collection[str]]
    partitions: Sequence[str]

    @classmethod
    def of(cls, context: dg.AssetExecutionContext, *, is_partitioned: bool) -> "Selection":
        """What the run of `context` asks.

        Raises:
            Failure: it asks for partitioned datasets and names no partition.
        """
        checks: dict[str, set[str]] = defaultdict(set)
        for key in context.selected_asset_check_keys:
            checks[key.asset_key.to_user_string()].add(key.name)
        assets = {key.to_user_string() for key in context.selected_asset_keys}
        partitions: Sequence[str] = () if is_partitioned else (UNPARTITIONED,)
        if context.has_partition_key_range or context.has_partition_key:
            partitions = context.partition_keys
        if assets and not partitions:
            raise dg.Failure(f"{', '.join(sorted(assets))}: say which partitions.", allow_retries=False)
        return cls(assets, checks, partitions)


class Teller:
    """Tells of one dataset.

    A dataset that is made is checked in any case: all its checks are told of, those too that a run has not selected.
    """

    def __init__(
        self, context: dg.AssetExecutionContext, selection: Selection, dataset: Dataset, provenance: Provenance
    ) -> None:
        self._context = context
        self._dataset = dataset
        self._provenance = provenance
        self._is_asked = dataset.name in selection.assets
        self._selected = selection.checks.get(dataset.name, ())
        self._checks = tuple(Dimension) if self._is_asked else self._selected
        self._told: dict[str, list[dg.AssetCheckEvaluation]] = defaultdict(list)

    def tell(self, outcomes: Sequence[Outcome]) -> Iterator[dg.DagsterEvent]:
        """Store how partitions ended, and then how their checks did, which say of which materialization they are."""
        of_data = [o for o in outcomes if self._is_asked or o.status in (Status.COMPUTED, Status.RESTORED)]
        stored = store_together(self._context, [event(outcome, self._provenance) for outcome in of_data])
        made = {outcome.partition for outcome in of_data if outcome.status.is_published}
        self._tell_of_checks([outcome for outcome in outcomes if outcome.findings], made)
        yield from stored

    def _tell_of_checks(self, checked: Sequence[Outcome], made: Collection[str]) -> None:
        found = list(self._evaluations(checked, made))
        store_evaluations(self._context, found)
        for evaluation in found:
            self._told[evaluation.check_name].append(evaluation)

    def sum_up(self) -> Iterator[dg.Output[None]]:
        """Store what the checks come to where there are several partitions; Dagster waits for an output of each.

        Nothing more is told of the dataset: what was to be evaluated and was not is left as it was before.
        """
        if self._dataset.partitions and not self._context.has_partition_key:
            several = [told for told in self._told.values() if len(told) > 1]
            store_evaluations(self._context, [in_sum(told) for told in several])
        keys = [dg.AssetCheckKey(dg.AssetKey(self._dataset.name), check) for check in sorted(self._selected)]
        forget_unevaluated(self._context, keys)
        for key in keys:
            yield dg.Output(None, self._context.assets_def.get_output_name_for_asset_check_key(key))

    def _evaluations(self, checked: Sequence[Outcome], made: Collection[str]) -> Iterator[dg.AssetCheckEvaluation]:
        """What was found out, of the last materialization of each partition; those of `made` were stored just now."""
        partitions = [outcome.partition for outcome in checked]
        last = targets(self._context, self._dataset.name, partitions, made)
        columns = {column.name: column.type for column in self._dataset.schema.columns()}
        for outcome in checked:
            yield from evaluations(outcome, self._checks, last.get(outcome.partition), columns)
