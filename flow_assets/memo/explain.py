"""Why something must be done again, in words and as differences of two records."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flow_assets.lake import Record
from flow_assets.memo import fingerprint
from flow_assets.memo.entries import Because, PlanEntry
from flow_assets.memo.fingerprint import Fingerprint
from flow_assets.memo.planner import LANDED, Planner
from flow_assets.memo.reads import ALL, published

FAILED_BEFORE = "failed, and nothing has changed since"
"""How the reason begins for what failed at the last attempt and is not tried again."""

BLOCKED_BEFORE = "breaks its rules, is kept and not published"
"""How the reason begins for what is blocked, and would be so again."""

_ABOUT_INPUTS = (Because.INPUT_PENDING, Because.INPUT_WAITS, Because.INPUT_HELD)

_STUCK = {
    Because.BLOCKED: "is blocked",
    Because.FAILED_BEFORE: "failed",
    Because.UNREADABLE: "cannot be read",
    Because.NOT_LANDED: "has not landed",
    Because.STILL_WRITTEN: "is still being written",
    Because.SOURCE_GONE: "has lost its landed file",
}

_NAMED = {
    "frames": "kind of frame",
    "schema": "schema",
    "read as": "schema of an input",
    "sort_by": "order of rows",
    "partition_column": "partition column",
    "buckets": "buckets",
    "source": "how the landed file is read",
    "quarantine": "rule that quarantines rows",
    "clock": "unit and time zone of the partitions",
    "stages": "stage of flow_assets",
    "format": "format of keys",
}


@dataclass(frozen=True)
class Difference:
    """One thing that differs between what a partition was computed from and what it would be computed from now.

    Attributes:
        kind: `code`, `config`, `package`, `input`, or another component of the key.
        name: which function, field, package or input.
        before: what it was; None if it was not there.
        after: what it is; None if it is no longer there.
        diff: for code, a unified diff of the canonical sources.
    """

    kind: str
    name: str
    before: str | None
    after: str | None
    diff: str = ""

    def __str__(self) -> str:
        if self.kind in ("code", "input"):
            return f"{self.kind} {self.name} {_verb(self.before, self.after)}"
        return f"{f'{self.kind} {self.name}'.strip()}: {self.before} -> {self.after}"


class Explainer:
    """Finds causes and differences for the entries of one planner; nothing is read until it is asked for."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self._store = planner.store
        self._kept: set[str] = set()
        self._blocked: dict[str, dict[str, str]] = {}

    def reason(self, entry: PlanEntry) -> str:
        """Why the plan says so, in one line."""
        return _REASONS[entry.because](self, entry)

    def chain(self, entry: PlanEntry) -> list[PlanEntry]:
        """The entry, the input that it waits for or is held by, that input's own, and so on: the last is the root."""
        chain = [entry]
        while chain[-1].because in _ABOUT_INPUTS:
            dataset, partition = chain[-1].detail
            cause = self.planner.state(dataset).unsettled.get(partition)
            if cause is None:
                break
            chain.append(cause)
        return chain

    def differences(self, entry: PlanEntry) -> list[Difference]:
        """What differs from the former version, as far as it is known before inputs are computed."""
        record = self.former(entry.dataset, entry.partition)
        return list(self._compare(record, entry)) if record else []

    def former(self, dataset: str, partition: str) -> Record | None:
        """The record of the published version; where nothing is published, of the one that is kept back."""
        if holding := self.planner.held(dataset).get(partition):
            return self._store.get_record(holding.key)
        if dataset not in self._blocked:
            judgements = self.planner.reviewer.judgements
            self._blocked[dataset] = judgements.blocked_records(dataset, list(judgements.blocked(dataset)))
        text = self._blocked[dataset].get(partition)
        return Record.from_json(text.encode()) if text else None

    def components(self, entry: PlanEntry) -> dict[str, Any]:
        """The components of the entry's key, as they are recorded."""
        return self.planner.recipes[entry.dataset].record_components(entry.partition, entry.inputs)

    def keep(self, entry: PlanEntry) -> None:
        """Keep what the hashes in the entry's key stand for, so that a later change of it can be told.

        Raises:
            StoreError: the store cannot be written.
        """
        code = self.planner.recipes[entry.dataset].code
        if self._is_new(code.digest):
            self._store.put_fingerprint(code.digest, code.to_json())
        for text in entry.inputs:
            dataset, partition, digest = json.loads(text)
            if partition == ALL and self._is_new(digest):
                self._store.put_fingerprint(digest, {"inputs": published(self.planner.state(dataset))})

    def _is_new(self, digest: str) -> bool:
        is_new = digest not in self._kept and self._store.get_fingerprint(digest) is None
        self._kept.add(digest)
        return is_new

    def _compare(self, record: Record, entry: PlanEntry) -> Iterator[Difference]:
        before, after = record.components, self.components(entry)
        if before.get("code") != after["code"]:
            yield from self._code_differences(before.get("code", ""), self.planner.recipes[entry.dataset].code)
        yield from _map_differences("config", before.get("config"), after["config"])
        yield from _map_differences("package", before.get("packages"), after["packages"])
        for name, words in _NAMED.items():
            if before.get(name) != after.get(name):
                yield Difference(words, "", json.dumps(before.get(name)), json.dumps(after.get(name)))
        if entry.inputs:
            yield from self._input_differences(before.get("inputs", []), after["inputs"])

    def _code_differences(self, before: str, code: Fingerprint) -> Iterator[Difference]:
        tree = self._store.get_fingerprint(before)
        if tree is None:
            yield Difference("code", "(its former text is lost)", before, code.digest)
            return
        for change in fingerprint.diff(Fingerprint.from_json(tree), code):
            before_text = None if change.what == "added" else ""
            after_text = None if change.what == "removed" else ""
            yield Difference("code", change.name, before_text, after_text, change.diff)

    def _input_differences(self, before: list[Any], after: list[Any]) -> Iterator[Difference]:
        old, new = self._expand(before, is_new=False), self._expand(after, is_new=True)
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                yield Difference("input", " ".join(filter(None, name)), old.get(name), new.get(name))

    def _expand(self, inputs: list[Any], *, is_new: bool) -> dict[tuple[str, str], str | None]:
        expanded = {}
        for dataset, partition, content in inputs:
            if partition != ALL:
                expanded[("landed file" if dataset == LANDED else dataset, partition)] = content
                continue
            texts = published(self.planner.state(dataset)) if is_new else self.expansion(content)
            for text in texts:
                name, key, digest = json.loads(text)
                expanded[(name, key)] = digest
        return expanded

    def expansion(self, digest: str) -> list[str]:
        """The inputs that an input of all partitions stood for."""
        kept = self._store.get_fingerprint(digest) or {}
        return list(kept.get("inputs", []))


def _verb(before: str | None, after: str | None) -> str:
    if before is None:
        return "was added"
    return "is gone" if after is None else "changed"


def _map_differences(
    kind: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[Difference]:
    old, new = before or {}, after or {}
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Difference(kind, name, _text(old.get(name)), _text(new.get(name)))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _key_changed(explainer: Explainer, entry: PlanEntry) -> str:
    differences = "; ".join(str(d) for d in explainer.differences(entry)[:3])
    if entry.partition in explainer.planner.held(entry.dataset):
        return differences or "its record is gone"
    return f"{differences} since it was blocked" if differences else "never computed"


def _input_pending(explainer: Explainer, entry: PlanEntry) -> str:
    name = _input(entry)
    own = "; ".join(str(d) for d in explainer.differences(entry._replace(inputs=()))[:3])
    if entry.partition not in explainer.planner.held(entry.dataset):
        if explainer.former(entry.dataset, entry.partition) is None:
            return f"never computed; input {name} comes first"
        own = f"{own} since it was blocked" if own else "was blocked"
    return "; ".join(filter(None, [own, f"input {name} will be computed (it may come out the same)"]))


def _input_stuck(explainer: Explainer, entry: PlanEntry) -> str:
    """Which required input waits or is held, and by what in the end."""
    what = "waits" if entry.because is Because.INPUT_WAITS else "is held"
    *between, root = explainer.chain(entry)[1:] or [entry]
    if root.because in _ABOUT_INPUTS:
        return f"required input {_input(entry)} {what}"
    if root.because is Because.INPUT_ABSENT:
        return f"required input {_input(entry)} {what}, because {_input(root)} is not there"
    own = _STUCK.get(root.because, what)
    if not between:
        return f"required input {_input(entry)} {own if what == 'is held' else what}"
    return f"required input {_input(entry)} {what}, because {_named(root)} {own}"


def _named(entry: PlanEntry) -> str:
    return f"{entry.dataset} {entry.partition}".strip()


def _input(entry: PlanEntry) -> str:
    return " ".join(filter(None, entry.detail))


def _unreadable(place: str, problem: str) -> str:
    advice = "" if "://" in place else "; land a readable file there"
    return f"{place} cannot be read: {problem}{advice}"


_REASONS: dict[Because, Callable[[Explainer, PlanEntry], str]] = {
    Because.UNCHANGED: lambda _, e: "unchanged",
    Because.RECOVERED: lambda _, e: (
        "as it should be, which Dagster has yet to be told: its last run failed or was killed"
    ),
    Because.IN_STORE: lambda _, e: "found in the store",
    Because.KEY_CHANGED: _key_changed,
    Because.INPUT_PENDING: _input_pending,
    Because.FORCED: lambda _, e: "forced",
    Because.LOST: lambda _, e: "its file in the store is missing or damaged",
    Because.NOT_LANDED: lambda _, e: f"{e.detail[0]} has not landed",
    Because.STILL_WRITTEN: lambda _, e: f"{e.detail[0]} is still being written",
    Because.UNREADABLE: lambda _, e: _unreadable(*e.detail),
    Because.SOURCE_GONE: lambda _, e: f"must be computed again, but {e.detail[0]} is gone; land it again",
    Because.INPUT_WAITS: _input_stuck,
    Because.INPUT_HELD: _input_stuck,
    Because.INPUT_ABSENT: lambda _, e: f"required input {_input(e)} is not there; materialize it first",
    Because.BLOCKED: lambda _, e: f"{BLOCKED_BEFORE}: {e.detail[0]}",
    Because.RULES_CHANGED: lambda _, e: "was not checked yet by its rules as they are, or what they refer to changed",
    Because.REVIEWED: lambda _, e: next(
        iter(e.detail), "its rules, or what they refer to, changed since it was blocked"
    ),
    Because.FAILED_BEFORE: lambda _, e: f"{FAILED_BEFORE}: {e.detail[0]}",
}
