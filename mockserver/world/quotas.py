"""Quotas: how often an app may call, an API be called, or an app call an API; and the bans that
follow.

The model.  A quota is a limit of calls in a second or in a day, with filters: `method` and
`app_key` are names or globs.  What is counted together is a bucket: a quota with `method` counts
every API by itself, one with `app_key` every app, one with both every pair, one with neither every
app.  So a glob such as `tmall.exchange.*` gives each of these methods a limit of its own, it is not
a limit of their sum.

A call is checked against all quotas that concern it.  If every one has room, it counts in each; if
one has not, it counts in none, and the call is refused with error 7.  The first refusal of a bucket
bans it until the second, or the day, is over: the caller reads in `sub_msg` how many seconds are
left, and calling again does not extend the ban.

Time.  A frozen sandbox would never leave a ban, so quotas do not use the sandbox's clock but count
real time from the sandbox's now.  When the sandbox's clock is advanced, their time moves on as
well: a test can jump to the next day.  When it is set back, a count or a ban that would end later
than it could have begun is over.

Bans of planned faults (`limited`) have names and are kept here too, since they use the same time.

Quotas are off unless a sandbox sets some, as in the official sandbox.  How a second is cut is
assumed: it begins with the first call that counts.  Source: docs/spec/top-protocol.md#top-6.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from ..protocol.errors import SUB_CODES
from .document import BadDocument, QuotaDocument, unknown_name

__all__ = [
    "BAN_SUB_CODES",
    "Ban",
    "Quota",
    "QuotaCounters",
    "QuotaCounts",
    "match_names",
    "read_quotas",
]

BAN_SUB_CODES = tuple(sub.name for sub in SUB_CODES if sub.code == 7)
_BY_APP, _BY_API, _BY_BOTH = BAN_SUB_CODES[:3]
_SPANS: Mapping[str, timedelta] = {"second": timedelta(seconds=1), "day": timedelta(days=1)}
_MAX_QUOTAS = 100
_MAX_LIMIT = 10**9  # calls
_MAX_NAME_CHARACTERS = 200
Bucket = tuple[int, str, str]  # place of the quota, app_key, method


class Quota(Struct, frozen=True):
    """At most `limit` calls in a second or day, which `per` names.

    `method` and `app_key` are names or globs, empty for any; what is counted together: see above.
    `sub_code` is that of the refusal.
    """

    per: str
    limit: int
    method: str
    app_key: str
    sub_code: str

    def find_bucket(self, place: int, app_key: str, method: str) -> Bucket | None:
        """Return where a call is counted, None if the quota does not concern it."""
        if not fnmatchcase(method, self.method or "*") or not fnmatchcase(
            app_key, self.app_key or "*"
        ):
            return None
        by_app = bool(self.app_key) or not self.method
        return place, app_key if by_app else "", method if self.method else ""

    def compute_end(self, now: datetime) -> datetime:
        """Return when a count that begins at `now` is over: a second later, or at the next
        midnight."""
        if self.per == "second":
            return now + _SPANS["second"]
        return now.replace(hour=0, minute=0, second=0, microsecond=0) + _SPANS["day"]

    def to_document(self) -> QuotaDocument:
        """Return the quota as users write it."""
        return QuotaDocument(
            per=self.per,
            limit=self.limit,
            method=self.method,
            app_key=self.app_key,
            sub_code=self.sub_code,
        )


class Ban(Struct, frozen=True):
    """A refusal of a call; `seconds` are those left of the ban, at least one."""

    sub_code: str
    seconds: int
    zh: str
    en: str


class _Count(Struct, frozen=True):
    """How many calls were let through until `ends`; once `banned`, none is."""

    ends: datetime
    calls: int = 0
    banned: bool = False


class QuotaCounts(Struct, frozen=True):
    """All counts and bans as values; `start` is the time at the real instant `real`."""

    start: datetime
    real: datetime
    counts: tuple[tuple[int, str, str, _Count], ...] = ()  # a bucket and its count
    bans: tuple[tuple[str, datetime], ...] = ()


class QuotaCounters:
    """The counts and bans of one sandbox; only who holds the sandbox's lock may call a method.

    Their time is the sandbox's now, running on in real time even where the clock is frozen.
    """

    def __init__(self, start: datetime, real: datetime) -> None:
        self._counts: dict[Bucket, _Count] = {}
        self._bans: dict[str, datetime] = {}
        self._start = start
        self._real = real

    def counts(self) -> QuotaCounts:
        """Return the counts and bans as they are now."""
        return QuotaCounts(
            self._start,
            self._real,
            tuple((*bucket, count) for bucket, count in self._counts.items()),
            tuple(self._bans.items()),
        )

    def load(self, counts: QuotaCounts) -> None:
        """Go on from these counts and bans."""
        self._start, self._real = counts.start, counts.real
        self._counts = {(place, app, method): c for place, app, method, c in counts.counts}
        self._bans = dict(counts.bans)

    def now(self, real: datetime) -> datetime:
        """Return the time of quotas and bans at the real instant `real`."""
        return self._start + (real - self._real)

    def advance(self, by: timedelta) -> None:
        """Let `by` pass besides the real time."""
        self._start += by

    def set(self, start: datetime, real: datetime) -> None:
        """Set the time to `start` at the real instant `real`; bans that end too far ahead are
        over."""
        self._start = start
        self._real = real

    def clear(self) -> None:
        """Delete all counts of quotas, and with them their bans."""
        self._counts.clear()

    def start_ban(self, name: str, seconds: int, real: datetime) -> None:
        """Start a ban of `seconds` under a name."""
        self._bans[name] = self.now(real) + timedelta(seconds=seconds)

    def seconds_banned(self, name: str, most: int, real: datetime) -> int:
        """Return the seconds left of the ban of that name, 0 if there is none.

        A ban with more than `most` seconds left was started before the clock was set back: it is
        over.
        """
        left = self._bans.get(name, self._start) - self.now(real)
        return ceil(left.total_seconds()) if timedelta() < left <= timedelta(seconds=most) else 0

    def consume_quota(
        self, quotas: tuple[Quota, ...], app_key: str, method: str, real: datetime
    ) -> Ban | None:
        """Count the call in every quota that concerns it and return None, if each has room.

        Else count it in none, and return the ban of the first that has no room.
        """
        now = self.now(real)
        taken = {}
        for place, quota in enumerate(quotas):
            bucket = quota.find_bucket(place, app_key, method)
            if bucket is None:
                continue
            count = self._counts.get(bucket)
            if count is None or not timedelta() < count.ends - now <= _SPANS[quota.per]:
                count = _Count(quota.compute_end(now))
            if count.calls >= quota.limit:
                if not count.banned:
                    count = _Count(quota.compute_end(now), count.calls, banned=True)
                    self._counts[bucket] = count
                return _ban(quota, count.ends - now)
            taken[bucket] = replace(count, calls=count.calls + 1)
        self._counts |= taken
        return None


def _ban(quota: Quota, left: timedelta) -> Ban:
    every = {"second": "每秒", "day": "每天"}[quota.per]
    what = " ".join(filter(None, (quota.app_key, quota.method))) or "app"
    return Ban(
        quota.sub_code,
        ceil(left.total_seconds()),
        f"配额：{what} {every} {quota.limit} 次已用完",
        f"the quota of {quota.limit} a {quota.per} for {what} is used up",
    )


def read_quotas(
    documents: Sequence[QuotaDocument], methods: Collection[str], apps: Collection[str]
) -> tuple[Quota, ...]:
    """Return the quotas of a document; `methods` and `apps` are the names that there are.

    Raises:
        BadDocument: too many, or one that cannot be; names it by its place, and the key.
    """
    if len(documents) > _MAX_QUOTAS:
        raise BadDocument("quotas", f"最多 {_MAX_QUOTAS} 项", f"at most {_MAX_QUOTAS}")
    return tuple(
        _read_quota(quota, f"quotas[{place}]", methods, apps)
        for place, quota in enumerate(documents)
    )


def _read_quota(
    document: QuotaDocument, field: str, methods: Collection[str], apps: Collection[str]
) -> Quota:
    app_key = str(document.app_key)
    match_names(document.method, methods, f"{field}.method")
    match_names(app_key, apps, f"{field}.app_key")
    if document.per not in _SPANS:
        raise unknown_name(f"{field}.per", document.per, _SPANS)
    if not 0 <= document.limit <= _MAX_LIMIT:
        raise BadDocument(
            f"{field}.limit",
            f"应为 0 到 {_MAX_LIMIT} 的整数",
            f"a whole number from 0 to {_MAX_LIMIT}",
        )
    by_method = _BY_BOTH if app_key else _BY_API
    usual = by_method if document.method else _BY_APP
    if document.sub_code and document.sub_code not in BAN_SUB_CODES:
        raise unknown_name(f"{field}.sub_code", document.sub_code, BAN_SUB_CODES, "子错误码")
    return Quota(document.per, document.limit, document.method, app_key, document.sub_code or usual)


def match_names(pattern: str, names: Collection[str], field: str) -> None:
    """Raise if no name matches the name or glob `pattern`; an empty one matches all.

    Raises:
        BadDocument: too long, or no name matches; says what was probably meant.
    """
    if len(pattern) > _MAX_NAME_CHARACTERS:
        raise BadDocument(
            field, f"最多 {_MAX_NAME_CHARACTERS} 字", f"at most {_MAX_NAME_CHARACTERS} characters"
        )
    if pattern and not any(fnmatchcase(name, pattern) for name in names):
        raise unknown_name(field, pattern, names, "名称", missing=True)
