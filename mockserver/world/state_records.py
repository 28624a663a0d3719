"""A state as records of a store, and records back into a state.

Each dict of the state is one collection with a record for each key; each other attribute is one
record of the collection `settings`; `operations` only grow.  Secrets and sessions are in it, unlike
in a snapshot document: a server that starts again accepts what its callers hold.

`KEYED` and `SETTINGS` name every attribute of a state that lasts, with its type.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..domain.behaviours import PlannedAction
from ..domain.catalogue import Buyer, Carrier, Goods, Reason, Shop, Trade
from ..domain.exchange import Event, Exchange, Message
from ..domain.ledger import Accounts
from ..domain.refund import RefundProgress
from ..domain.rules import DEFAULTS, RuleValues
from ..domain.table_index import SHIPPED_TABLE, TableIndex
from ..domain.vocabulary import Ruleset
from ..storage.port import Record
from .authorization import Authorizations
from .clock import Clock
from .coverage import CoverageCounts
from .document import RobotsDocument
from .faults.fault_matching import Fault, FaultCounters
from .identity import App, Session
from .notifications import DeliveryState, MessageGroup, Notification, Subscription
from .operation_documents import read_operation, serialize_operation
from .operations import Founded, Operation
from .quotas import Quota
from .state import Past, State
from .tracked_dict import TrackedDict

__all__ = ["KEYED", "SETTINGS", "StateChanges", "apply_records", "read_state", "write_state"]

_encode = msgspec.json.Encoder().encode


class _FaultRecord(Struct, frozen=True):
    """A planned fault; a duration among its options is `{"seconds": N}`."""

    kind: str
    id: str
    methods: tuple[str, ...]
    dispute_id: str
    session: str
    after: int
    times: int | None
    probability: float
    until: datetime | None
    options: dict[str, Any]


def _encode_fault(fault: Fault) -> bytes:
    options = {
        name: {"seconds": value.total_seconds()} if isinstance(value, timedelta) else value
        for name, value in fault.options.items()
    }
    return _encode({**msgspec.structs.asdict(replace(fault, options={})), "options": options})


def _decode_fault(value: bytes) -> Fault:
    record = msgspec.json.decode(value, type=_FaultRecord)
    members = msgspec.structs.asdict(record)
    members["options"] = {
        name: timedelta(seconds=option["seconds"]) if isinstance(option, dict) else option
        for name, option in record.options.items()
    }
    return Fault(**members)


def _decoder(kind: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(kind).decode


_KEYED_TYPES: Mapping[str, Any] = {
    "apps": App,
    "sessions": Session,
    "shops": Shop,
    "goods": Goods,
    "buyers": Buyer,
    "trades": Trade,
    "accounts": Accounts,
    "exchanges": Exchange,
    "events": tuple[Event, ...],
    "messages": tuple[Message, ...],
    "outbox": Notification,
    "subscriptions": Subscription,
    "message_groups": MessageGroup,
    "refunds": RefundProgress,
    "waybills": int,
    "pictures": bytes,
    "stubs": bytes,
    "fault_counters": FaultCounters,
    "moved_rows": datetime,
    "past": Past,
    "numbers": int,
    "plans": tuple[PlannedAction, ...],
}
KEYED: Mapping[str, Callable[[bytes], Any]] = {
    **{name: _decoder(kind) for name, kind in _KEYED_TYPES.items()},
    "faults": _decode_fault,
}
_INT_KEYS = frozenset(
    (
        "trades",
        "exchanges",
        "events",
        "messages",
        "moved_rows",
        "past",
        "plans",
        "outbox",
        "refunds",
    )
)
_PAIR_KEYS = frozenset(("subscriptions", "message_groups"))
_PAIR = msgspec.json.Decoder(tuple[str, str]).decode
_RULES = _decoder(dict[str, Any])


def _decode_rules(value: bytes) -> RuleValues:
    return DEFAULTS.with_changes(_RULES(value))


SETTINGS: Mapping[str, Callable[[bytes], Any]] = {
    "authorizations": _decoder(Authorizations),
    "clock": _decoder(Clock),
    "ruleset": _decoder(Ruleset),
    "carriers": _decoder(tuple[Carrier, ...]),
    "reasons": _decoder(tuple[Reason, ...]),
    "quotas": _decoder(tuple[Quota, ...]),
    "robots": _decoder(RobotsDocument | None),
    "covered": _decoder(CoverageCounts | None),
    "rules": _decode_rules,
}
_OPERATIONS = "operations"
_SETTINGS = "settings"


def _encode_value(name: str, value: Any) -> bytes:
    if name == "faults":
        return _encode_fault(value)
    return _encode(value.to_dict() if name == "rules" else value)


def _write_key(key: Any) -> str:
    return _encode(key).decode() if isinstance(key, tuple) else str(key)


def _read_key(name: str, key: str) -> Any:
    if name in _PAIR_KEYS:
        return _PAIR(key)
    return int(key) if name in _INT_KEYS else key


def _encode_operation(operation: Operation) -> bytes:
    document = serialize_operation(operation)
    if isinstance(operation, Founded):  # as it is, with secrets
        document["document"] = msgspec.to_builtins(operation.document)
    return _encode(document)


def _operation_record(place: int, operation: Operation) -> Record:
    return Record(_OPERATIONS, f"{place:09}", _encode_operation(operation))


def write_state(state: State) -> Iterator[Record]:
    """Yield every record of a state."""
    for name in SETTINGS:
        yield Record(_SETTINGS, name, _encode_value(name, getattr(state, name)))
    for name in KEYED:
        for key, value in (getattr(state, name) or {}).items():
            yield Record(name, _write_key(key), _encode_value(name, value))
    for place, operation in enumerate(state.operations):
        yield _operation_record(place, operation)


def read_state(records: Iterable[Record], table: TableIndex = SHIPPED_TABLE) -> State:
    """Return the state that records hold, in the order in which `write_state` gives them.

    Records of other collections are left out.
    """
    records = list(records)
    settings = {record.key: record.value for record in records if record.collection == _SETTINGS}
    clock, rules, ruleset = (
        SETTINGS[name](settings[name] or b"") for name in ("clock", "rules", "ruleset")
    )
    state = State(clock, rules, ruleset, table)
    apply_records(state, records)
    return state


def apply_records(state: State, records: Iterable[Record]) -> None:
    """Write what another process has written into the state; its indexes follow."""
    records = list(records)
    for record in records:
        if record.collection == _SETTINGS and record.key in SETTINGS:
            setattr(state, record.key, SETTINGS[record.key](record.value or b""))
            if record.key == "rules":
                state.reindex_timers()
    if any(record.collection == "faults" for record in records):
        for record in records:
            if record.collection == "faults":
                _apply(state, record)
        if state.past is None or not any(f.declared.looks_back for f in state.faults.values()):
            state.look_back()
    for record in records:
        if record.collection == _OPERATIONS and record.value is not None:
            state.operations.append(read_operation(msgspec.json.decode(record.value)))
        elif record.collection in KEYED and record.collection not in ("faults", "moved_rows"):
            _apply(state, record)
    for record in records:
        if record.collection == "moved_rows":
            _apply(state, record)


def _apply(state: State, record: Record) -> None:
    name = record.collection
    key = _read_key(name, record.key)
    value = None if record.value is None else KEYED[name](record.value)
    if name == "exchanges":
        if value is not None:
            state.put(value, modified=False)
        elif key in state.exchanges:
            state.drop(key)
    elif name == "plans":
        state.plan(key, value or ())
    elif name == "moved_rows":
        if key in state.exchanges:
            state.show_moved(key, value)
    elif name == "outbox":
        _apply_notification(state, key, value)
    elif name == "past" and state.past is None:
        return
    elif value is None:
        getattr(state, name).pop(key, None)
    else:
        getattr(state, name)[key] = value


def _apply_notification(state: State, number: int, notification: Notification | None) -> None:
    """Store a notification, None where it is gone; one that is queued waits in its queue."""
    before = state.outbox.pop(number, None) if notification is None else state.outbox.get(number)
    if before is not None:
        state.queues.remove(before)
    if notification is not None:
        state.outbox[number] = notification
        if notification.state is DeliveryState.QUEUED:
            state.queues.add(notification)


class StateChanges:
    """What has changed in a state since it was last written or read."""

    def __init__(self, state: State) -> None:
        self._state = state
        for name in KEYED:
            value = getattr(state, name)
            if value is not None:
                setattr(state, name, TrackedDict(value))
        self.forget()

    def forget(self) -> None:
        """Take the state as it is now for written."""
        state = self._state
        self._dicts: dict[str, TrackedDict[Any, Any]] = {}
        for name in KEYED:
            value = getattr(state, name)
            if value is None:
                continue
            if not isinstance(value, TrackedDict):
                value = TrackedDict(value)
                setattr(state, name, value)
            value.changed.clear()
            self._dicts[name] = value
        self._settings = {name: getattr(state, name) for name in SETTINGS}
        self._operations = len(state.operations)

    def collect(self) -> list[Record]:
        """Return a record for each change; one without value for what was deleted."""
        state = self._state
        records = []
        for name, before in self._settings.items():
            value = getattr(state, name)
            if value is not before:
                records.append(Record(_SETTINGS, name, _encode_value(name, value)))
        for name in KEYED:
            records += self._collect_keys(name)
        added = state.operations[self._operations :]
        for place, operation in enumerate(added, self._operations):
            records.append(_operation_record(place, operation))
        return records

    def _collect_keys(self, name: str) -> list[Record]:
        value, tracked = getattr(self._state, name), self._dicts.get(name)
        if value is tracked:
            if tracked is None or not tracked.changed:
                return []
            keys: Iterable[Any] = tracked.changed
        else:  # another dict took its place: what faults look back on
            keys = dict.fromkeys([*(tracked or ()), *(value or ())])
        content = value or {}
        return [
            Record(
                name, _write_key(key), _encode_value(name, content[key]) if key in content else None
            )
            for key in keys
        ]
