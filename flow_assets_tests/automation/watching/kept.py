"""Alerts kept in memory: as much of them as the sensors and `flow watch` need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flow_assets.ledger.findings import Alert, AlertState, Finding


@dataclass
class Changed:
    opened: Sequence[Alert]
    resolved: Sequence[Alert]
    numbers: Mapping[str, int]


@dataclass
class Kept:
    """Open alerts by watch and identity; what a watch no longer finds is resolved."""

    alerts: dict[tuple[str, str], Alert] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)

    def observe(self, watch: str, findings: Sequence[Finding], now: float) -> Changed:
        self.looks.append(watch)
        found = {(watch, finding.identity): finding for finding in findings}
        assert len(found) == len(findings), "two findings of one identity"
        assert {finding.watch for finding in findings} <= {watch}
        resolved = [self.alerts.pop(key) for key in list(self.alerts) if key[0] == watch and key not in found]
        opened = []
        for key, finding in found.items():
            if key in self.alerts:
                self.alerts[key] = replace(self.alerts[key], finding=finding, seen_at=now)
            else:
                self.alerts[key] = Alert(len(self.alerts) + 1, finding, AlertState.OPEN, now, now)
                opened.append(self.alerts[key])
        return Changed(opened, resolved, {identity: self.alerts[watch, identity].number for _, identity in found})

    @property
    def open(self) -> list[tuple[str, str]]:
        return sorted(self.alerts)
