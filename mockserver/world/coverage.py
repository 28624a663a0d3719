"""Count which parts of the state machine a client has exercised in one sandbox.

The counts stand beside the state, as the journal does: a reset or a restored snapshot leaves them,
only `clear` empties them.  Every move that happened is counted, whoever made it: a client has to
deal with the moves of the buyer, of customer service and of time as well.  Refusals are counted
only for clients' calls. The history that an opening at a later status makes up is nobody's move: it
counts as an opening in that status, or as an application where nothing else happened.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

from msgspec import Struct

from ..domain.errors import DomainError
from ..domain.exchange import Event, Exchange
from ..domain.moves import Apply, Move
from ..domain.table_index import TableIndex
from ..domain.vocabulary import Role, Ruleset, Status
from .journal import Entry

__all__ = ["Coverage", "CoverageCounts"]

Counts = dict[str, int]


class CoverageCounts(Struct, frozen=True):
    """The counts as a snapshot document holds them, in a fixed order."""

    calls: tuple[tuple[int, str, str, int], ...] = ()  # code, sub_code, msg_code
    moves: tuple[tuple[Ruleset, str, Role, bool, int], ...] = ()  # by a row; by a client's call
    opened: tuple[tuple[Ruleset, Status, int], ...] = ()
    refused: tuple[tuple[Ruleset, str, int], ...] = ()

    def rows_exist(self, table: TableIndex) -> bool:
        """Return True if the table has every row that was counted."""
        return all(row in table.rows_by_name for _, row, *_ in self.moves)


class Coverage:
    """The counts of one sandbox on its table; every method may be called from any thread."""

    def __init__(self, table: TableIndex) -> None:
        self._table = table
        self._lock = Lock()
        self.version = 0  # grows with every change
        self._calls: Counter[tuple[int, str, str]] = Counter()
        self._moves: Counter[tuple[Ruleset, str, Role, bool]] = Counter()
        self._opened: Counter[tuple[Ruleset, Status]] = Counter()
        self._refused: Counter[tuple[Ruleset, str]] = Counter()

    @classmethod
    def from_counts(cls, counts: CoverageCounts, table: TableIndex) -> "Coverage":
        """Return the coverage that goes on from these counts."""
        coverage = cls(table)
        coverage.load(counts)
        return coverage

    def load(self, counts: CoverageCounts) -> None:
        """Go on from these counts."""
        with self._lock:
            self._calls = Counter({row[:-1]: row[-1] for row in counts.calls})
            self._moves = Counter({row[:-1]: row[-1] for row in counts.moves})
            self._opened = Counter({row[:-1]: row[-1] for row in counts.opened})
            self._refused = Counter({row[:-1]: row[-1] for row in counts.refused})

    def counts(self) -> CoverageCounts:
        """Return the counts as they are now."""
        with self._lock:
            return CoverageCounts(
                tuple(sorted((*key, number) for key, number in self._calls.items())),
                tuple(sorted((*key, number) for key, number in self._moves.items())),
                tuple(sorted((*key, number) for key, number in self._opened.items())),
                tuple(sorted((*key, number) for key, number in self._refused.items())),
            )

    def add_call(self, entry: Entry) -> None:
        """Count how a client's call was answered."""
        with self._lock:
            self.version += 1
            self._calls[entry.code, entry.sub_code.partition(":")[0], entry.msg_code] += 1

    def add_move(self, ruleset: Ruleset, event: Event, *, client: bool = False) -> None:
        """Count that a row was taken; `client` is True if a client's call took it."""
        with self._lock:
            self.version += 1
            self._moves[ruleset, event.rule, event.role, client] += 1

    def add_openings(self, exchanges: Iterable[Exchange]) -> None:
        """Count exchanges in the status in which they were opened."""
        with self._lock:
            self.version += 1
            for exchange in exchanges:
                rows = self._table.rows_by_status[exchange.ruleset, None]
                application = next(row for row in rows if row.move is Apply)
                if exchange.status is application.target:
                    self._moves[exchange.ruleset, application.name, Role.BUYER, False] += 1
                else:
                    self._opened[exchange.ruleset, exchange.status] += 1

    def add_refusal(self, exchange: Exchange, move: type[Move], refusal: DomainError) -> None:
        """Count a client's refused move by its reason."""
        with self._lock:
            self.version += 1
            self._refused[
                exchange.ruleset, f"{exchange.status.value}-{move.name()}:{refusal.failure}"
            ] += 1

    def clear(self) -> None:
        """Set all counts to zero."""
        with self._lock:
            self.version += 1
            for counts in (self._calls, self._moves, self._opened, self._refused):
                counts.clear()

    def serialize(self) -> dict[str, Any]:
        """Return the counts as one document of JSON values.

        Its members are `calls`, `errors`, `sub_codes`, `msg_codes`, `messages` (by role), and
        `rulesets`: by ruleset `states`, `rows`, `client_rows`, `deadlines` and `refused`.
        """
        with self._lock:
            calls, moves = Counter(self._calls), Counter(self._moves)
            opened, refused = Counter(self._opened), Counter(self._refused)
        return {
            "calls": calls.total(),
            "errors": _summed(
                (str(code), number) for (code, _, _), number in calls.items() if code
            ),
            "sub_codes": _summed(
                (sub_code, number) for (_, sub_code, _), number in calls.items() if sub_code
            ),
            "msg_codes": _summed(
                (msg_code, number) for (_, _, msg_code), number in calls.items() if msg_code
            ),
            "messages": _summed(
                (role.name.lower(), number) for (_, _, role, _), number in moves.items()
            ),
            "rulesets": {
                ruleset.value: {
                    "states": self._states(ruleset, moves, opened),
                    **_rows({key: number for key, number in moves.items() if key[0] is ruleset}),
                    "refused": _summed(
                        (key, number) for (of, key), number in refused.items() if of is ruleset
                    ),
                }
                for ruleset in Ruleset
                if any(ruleset is of for counts in (moves, opened, refused) for of, *_ in counts)
            },
        }

    def _states(
        self,
        ruleset: Ruleset,
        moves: Mapping[tuple[Ruleset, str, Role, bool], int],
        opened: Mapping[tuple[Ruleset, Status], int],
    ) -> Counts:
        """Return how often each state was entered or opened, in the platform's order."""
        sums: Counter[Status] = Counter()
        for (of, rule, _, _), number in moves.items():
            row = self._table.rows_by_name[rule]
            if of is ruleset and row.source is not row.target:
                sums[row.target] += number
        for (of, status), number in opened.items():
            if of is ruleset:
                sums[status] += number
        return {str(status.value): sums[status] for status in Status if sums[status]}


def _summed(counted: Iterable[tuple[str, int]]) -> Counts:
    sums: Counter[str] = Counter()
    for key, number in counted:
        sums[key] += number
    return dict(sorted(sums.items()))


def _rows(moves: Mapping[tuple[Ruleset, str, Role, bool], int]) -> dict[str, Counts]:
    return {
        "rows": _summed((rule, number) for (_, rule, _, _), number in moves.items()),
        "client_rows": _summed(
            (rule, number) for (_, rule, _, client), number in moves.items() if client
        ),
        "deadlines": _summed(
            (rule, number) for (_, rule, role, _), number in moves.items() if role is Role.TIMEOUT
        ),
    }
