"""Who owns what alerts are about: told as those to whom they are delivered are told."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flow_assets.automation.alerting.notices import Wording
    from flow_assets.settings import Settings


def wording_of(settings: "Settings") -> "Wording":
    """What alerts are worded by; where the code does not load it knows no owners, and alerts are seen all the same."""
    from flow_assets.automation.alerting.notices import Wording
    from flow_assets.declaration import DatasetGraph, find_datasets

    try:
        graph = find_datasets(settings.datasets)
    except (Exception, SystemExit):  # noqa: BLE001  whatever it is, `flow watch` makes an alert of it, which is listed here
        graph = DatasetGraph({})
    return Wording.of(settings, graph)
