"""The client report: what a client does that the API's pages advise against, or that will break in production.

One check an id of `api/conduct.py`.  Pure: reads entries of the journal, oldest first; a check would rather miss a mistake than
accuse a client that made none.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from .lint_calls import (
    every_field,
    fields_missing,
    md5_sign,
    no_window,
    session_in_url,
    unknown_field,
    unknown_parameter,
    version_missing,
)
from .lint_flow import (
    call_in_ban,
    confirmed_unhandled,
    failure_ignored,
    hopeless_retry,
    ids_rounded,
    pages_unfinished,
    polling_fast,
)
from .review_findings import Finding, JournalCall, worst_first

__all__ = ["CHECKS", "lint"]

Check = Callable[[Sequence[JournalCall]], Iterator[Finding]]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        check.__name__: check
        for check in (
            call_in_ban,
            failure_ignored,
            confirmed_unhandled,
            unknown_parameter,
            no_window,
            pages_unfinished,
            fields_missing,
            version_missing,
            polling_fast,
            hopeless_retry,
            session_in_url,
            unknown_field,
            every_field,
            md5_sign,
        )
    }
)


def lint(calls: Sequence[JournalCall], ids: Mapping[str, Collection[int]]) -> tuple[Finding, ...]:
    """What these calls, oldest first, show of their client, worst first; `ids` are those there are: `dispute_id`, `tid`, `oid`."""
    found = [each for check in CHECKS.values() for each in check(calls)]
    return worst_first((*found, *ids_rounded(calls, ids)))
