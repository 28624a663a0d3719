"""A table of rows, indexed for the questions that `play` asks of it.

Why a value: every sandbox carries its table, so another flow (a test's mutant, another platform)
needs no change of module variables, and the functions of `play.py` stay pure.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct

from .moves import Move
from .table import CS_TABLE, TABLE, CsRow, Row
from .vocabulary import Actor, CsStatus, Ruleset, Status

__all__ = ["SHIPPED_TABLE", "TableIndex", "index_table"]


class TableIndex(Struct, frozen=True):
    """The rows of a flow, and of customer service beside it.

    `rows` are all of them in the order of the table.  `rows_by_status` has every ruleset and status
    (None: no exchange yet), rows in the order in which they are tried.  `moves_by_actor` has the
    moves of every actor, each once.  `cs_sources` names only the moves that depend on customer
    service.
    """

    rows: tuple[Row, ...]
    rows_by_status: Mapping[tuple[Ruleset, Status | None], tuple[Row, ...]]
    rows_by_name: Mapping[str, Row]
    moves_by_actor: Mapping[Actor, tuple[type[Move], ...]]
    rulesets_by_move: Mapping[type[Move], tuple[Ruleset, ...]]
    cs_rows: tuple[CsRow, ...]
    cs_sources: Mapping[type[Move], frozenset[CsStatus]]


def index_table(rows: Iterable[Row], cs_rows: Iterable[CsRow]) -> TableIndex:
    """Return the index of a table; of two rows with one name the last one has it."""
    rows, cs_rows = tuple(rows), tuple(cs_rows)
    rulesets = {row.move: {*row.rulesets} for row in rows}
    for row in rows:
        rulesets[row.move].update(row.rulesets)
    sources = {row.move: {*row.sources} for row in cs_rows}
    for cs_row in cs_rows:
        sources[cs_row.move].update(cs_row.sources)
    return TableIndex(
        rows=rows,
        rows_by_status=MappingProxyType(
            {
                (ruleset, status): tuple(
                    row for row in rows if row.source is status and ruleset in row.rulesets
                )
                for ruleset in Ruleset
                for status in (None, *Status)
            }
        ),
        rows_by_name=MappingProxyType({row.name: row for row in rows}),
        moves_by_actor=MappingProxyType(
            {
                actor: tuple(dict.fromkeys(row.move for row in rows if row.by is actor))
                for actor in Actor
            }
        ),
        rulesets_by_move=MappingProxyType(
            {
                move: tuple(ruleset for ruleset in Ruleset if ruleset in names)
                for move, names in rulesets.items()
            }
        ),
        cs_rows=cs_rows,
        cs_sources=MappingProxyType(
            {move: frozenset(statuses) for move, statuses in sources.items()}
        ),
    )


SHIPPED_TABLE = index_table(TABLE, CS_TABLE)
