"""The client report: what a client does that the API pages advise against or that will break later.

Each rule of `lint_rules` has one check, a pure function over the calls of the journal, oldest
first. A check would rather miss a mistake than accuse a client that made none.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from .lint_calls import (
    find_every_field,
    find_md5_sign,
    find_missing_fields,
    find_missing_version,
    find_missing_window,
    find_session_in_url,
    find_unknown_fields,
    find_unknown_parameters,
)
from .lint_flow import (
    find_calls_in_ban,
    find_fast_polling,
    find_hopeless_retries,
    find_ignored_failures,
    find_rounded_ids,
    find_unfinished_pages,
    find_unhandled_messages,
)
from .review_findings import JournalCall, ReviewFinding, sort_by_severity

__all__ = ["LINT_CHECKS", "lint"]

_OTHER_DOORS = ("oauth.", "tmc.")  # how entries that are no calls of the gateway name themselves
LINT_CHECKS: Mapping[str, Callable[[Sequence[JournalCall]], Iterator[ReviewFinding]]] = (
    MappingProxyType(
        {
            "call_in_ban": find_calls_in_ban,
            "failure_ignored": find_ignored_failures,
            "confirmed_unhandled": find_unhandled_messages,
            "unknown_parameter": find_unknown_parameters,
            "no_window": find_missing_window,
            "pages_unfinished": find_unfinished_pages,
            "fields_missing": find_missing_fields,
            "version_missing": find_missing_version,
            "polling_fast": find_fast_polling,
            "hopeless_retry": find_hopeless_retries,
            "session_in_url": find_session_in_url,
            "unknown_field": find_unknown_fields,
            "every_field": find_every_field,
            "md5_sign": find_md5_sign,
        }
    )
)


def lint(
    calls: Sequence[JournalCall], ids: Mapping[str, Collection[int]]
) -> tuple[ReviewFinding, ...]:
    """Return what these calls, oldest first, show of their client, worst first.

    `ids` are the existing numbers by kind: `dispute_id`, `tid`, `oid`.  Requests for a session and
    frames of the message channel are no calls of methods: they have neither `v` nor `fields`.
    """
    calls = [call for call in calls if not call.entry.method.startswith(_OTHER_DOORS)]
    findings = [finding for check in LINT_CHECKS.values() for finding in check(calls)]
    return sort_by_severity((*findings, *find_rounded_ids(calls, ids)))
