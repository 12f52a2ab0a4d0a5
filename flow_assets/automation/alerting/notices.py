"""What people are told of an alert: the one place for the words."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Self

from flow_assets.declaration import DatasetGraph
from flow_assets.declaration.time_partitions import TimePartitions
from flow_assets.ledger.findings import Alert, Finding, Transition
from flow_assets.settings import Settings
from flow_assets.texts import one_line, shortened, titled
from flow_assets.time_words import moment_text

_TITLE_LENGTH = 200
_TEXT_LENGTH = 900
_VALUE_LENGTH = 160
_MOST_EVIDENCE = 12
_MOST_NAMES = 3
_MENTIONS = re.compile(r"@(?=everyone|here|channel)|<(?=[!@#])", re.IGNORECASE)
_MARKS = re.compile(r"([\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_])|^[-+=#]|(?<=^\d)[.)]|(?<=^\d\d)[.)])")


@dataclass(frozen=True)
class Notice:
    """One thing to tell of one alert.

    Attributes:
        at: when it happened, Unix time in seconds.
        expires_at: when it no longer holds unless told again; None where it holds until it is resolved.
        key: the same at each attempt to deliver it, and no other's at that destination.
    """

    alert: Alert
    transition: Transition
    at: float
    expires_at: float | None = None
    key: str = ""


@dataclass(frozen=True)
class Message:
    """A notice in words.

    Attributes:
        title: one line.
        text: without any marks.
        markdown: the same in Markdown.
        link: the page to look at; empty if there is none.
    """

    title: str
    text: str
    markdown: str
    link: str


@dataclass(frozen=True)
class Wording:
    """What the words need to know of a deployment.

    Attributes:
        environment: the deployment's name.
        dagster_url: where Dagster's UI is.
        owners: of each dataset.
        zones: the time zone in which each dataset's partitions are cut, where they are.
    """

    environment: str = "local"
    dagster_url: str = ""
    owners: Mapping[str, Sequence[str]] = field(default_factory=dict)
    zones: Mapping[str, tzinfo] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, graph: DatasetGraph) -> Self:
        """What the settings and the datasets say."""
        datasets = graph.datasets.values()
        zones = {d.name: d.partitions.zone for d in datasets if isinstance(d.partitions, TimePartitions)}
        return cls(settings.environment, settings.dagster_url, graph.owners, zones)

    def message(self, notice: Notice) -> Message:
        """The notice in words."""
        finding = notice.alert.finding
        link = finding.page(self.dagster_url)
        return Message(_title(notice), self._text(notice, link), self._markdown(notice, link), link)

    def owner(self, finding: Finding) -> str:
        """Who owns the dataset it is about; empty if nobody is named."""
        return ", ".join(self.owners.get(finding.dataset, ()))

    def moment(self, seconds: float, finding: Finding) -> str:
        """A moment on the clock of the dataset's partitions, or of this machine, and in UTC."""
        utc = datetime.fromtimestamp(seconds, UTC)
        local = utc.astimezone(self.zones.get(finding.dataset))
        if not local.utcoffset():
            return moment_text(utc)
        zone = getattr(local.tzinfo, "key", None) or f"UTC{local:%z}"
        other = f"{utc:%H:%M}" if local.date() == utc.date() else f"{utc:%Y-%m-%d %H:%M}"
        return f"{local:%Y-%m-%d %H:%M} {zone} ({other} UTC)"

    def facts(self, notice: Notice) -> Iterator[tuple[str, str]]:
        """What it is about, name and text, as far as it is known."""
        alert, finding = notice.alert, notice.alert.finding
        yield "Severity", finding.severity.value
        if finding.dataset:
            which = f" ({names(finding.partitions)})" if finding.partitions else ""
            yield "Dataset", f"{finding.dataset}{which}"
        yield "Since", self.moment(finding.since, finding)
        if notice.transition is Transition.RESOLVED:
            yield "Until", self.moment(alert.resolved_at if alert.resolved_at is not None else notice.at, finding)
        if finding.affected:
            yield "Affected", names(finding.affected)
        if owner := self.owner(finding):
            yield "Owner", owner
        if alert.acknowledged_by:
            yield "Taken care of by", alert.acknowledged_by + (f": {alert.note}" if alert.note else "")
        yield "Environment", self.environment

    def _text(self, notice: Notice, link: str) -> str:
        facts = [f"{name}: {one_line(text)}" for name, text in self.facts(notice)]
        evidence = evidence_rows(notice.alert.finding)
        width = max((len(name) for name, _ in evidence), default=0)
        blocks = (
            _said(notice.alert.finding.text, str),
            "\n".join(facts),
            "\n".join(f"{name:<{width}}  {text}" for name, text in evidence),
            "\n".join(filter(None, (link, how_to_acknowledge(notice)))),
        )
        return _harmless("\n\n".join(filter(None, blocks)))

    def _markdown(self, notice: Notice, link: str) -> str:
        facts = [f"- **{name}:** {_escaped(text)}" for name, text in self.facts(notice)]
        evidence = [f"- {_escaped(name)}: **{_escaped(text)}**" for name, text in evidence_rows(notice.alert.finding)]
        command = how_to_acknowledge(notice)
        blocks = (
            _said(notice.alert.finding.text, _escaped),
            "\n".join(facts),
            "\n".join(["Seen and expected:", "", *evidence]) if evidence else "",
            f"In Dagster: [{_escaped(link)}]({_address(link)})" if link else "",
            f"To take care of it: `{command.partition(': ')[2]}`" if command else "",
        )
        return _harmless("\n\n".join(filter(None, blocks)))


def how_to_acknowledge(notice: Notice) -> str:
    """The command by which somebody takes care of an open alert; empty for one that is over or a mere test."""
    is_open = notice.transition is not Transition.RESOLVED and notice.alert.number > 0
    return f"To take care of it: flow alerts ack {notice.alert.number}" if is_open else ""


def evidence_rows(finding: Finding) -> list[tuple[str, str]]:
    """What was seen and what was expected: name and value, fit to be read."""
    rows = [(one_line(name.replace("_", " ")), _value(value)) for name, value in finding.evidence.items()]
    more = len(rows) - _MOST_EVIDENCE
    return rows if more <= 0 else [*rows[:_MOST_EVIDENCE], (f"and {more} more", "")]


def names(values: Sequence[str]) -> str:
    """The first few of them, and how many there are; of many, the first and the last."""
    if len(values) <= _MOST_NAMES:
        return ", ".join(values)
    return f"{values[0]}, {values[1]}, ... {values[-1]}, {len(values)} in all"


def _title(notice: Notice) -> str:
    said = {
        Transition.OPENED: notice.alert.finding.severity.value.upper(),
        Transition.REPEATED: f"STILL {notice.alert.finding.severity.value.upper()}",
        Transition.RESOLVED: "RESOLVED",
    }
    number = f" (alert {notice.alert.number})" if notice.alert.number > 0 else ""
    return _harmless(f"{said[notice.transition]}: {titled(notice.alert.finding.title, _TITLE_LENGTH)}{number}")


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return titled(value, _VALUE_LENGTH)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value == int(value) if abs(value) < 1e15 else False:
        return f"{int(value):,}"
    return f"{value:,.1f}" if 100 <= abs(value) < 1e15 else f"{value:.4g}"


def _said(text: str, mark: Callable[[str], str]) -> str:
    """A sentence a line, of which as many characters are shown as people read."""
    lines = shortened(text.strip(), _TEXT_LENGTH).splitlines()
    return "\n".join(mark(one_line(line)) for line in lines if line.strip())


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", one_line(text))


def _address(link: str) -> str:
    return link.replace(" ", "%20").replace("(", "%28").replace(")", "%29")


def _harmless(text: str) -> str:
    """So that quoted data can call nobody: chats take `@everyone` and `<!channel>` as calls to all."""
    return _MENTIONS.sub(lambda found: f"{found[0]}\u200b", text)
