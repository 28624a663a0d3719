"""Quotas: how often an app may call, an API be called, or an app call an API; and the bans that
follow an excess.

Off unless given, as in the official sandbox.  Counted in real time; an advance of the sandbox's
clock counts too. Source: docs/spec/top-protocol.md#top-6.  How a second is cut is assumed: it
begins with the first call that counts.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from ..protocol.errors import SUB_CODES
from .document import BadDocument, QuotaDocument, unknown_name

__all__ = ["BAN_SUB_CODES", "Ban", "Quota", "QuotaCounters", "match_names", "read_quotas"]

BAN_SUB_CODES = tuple(sub.name for sub in SUB_CODES if sub.code == 7)
_BY_APP, _BY_API, _BY_BOTH = BAN_SUB_CODES[:3]
_SPANS: Mapping[str, timedelta] = {"second": timedelta(seconds=1), "day": timedelta(days=1)}
_AT_MOST, _LIMIT_AT_MOST, _NAME_AT_MOST = 100, 10**9, 200
Bucket = tuple[int, str, str]  # place of the quota, app_key, method


class Quota(Struct, frozen=True):
    """At most `limit` calls in a second or day.

    `method` and `app_key` are names or globs, empty for any.  With `method` each API that matches
    is counted by itself, with `app_key` each app; with neither, each app.
    """

    per: str
    limit: int
    method: str
    app_key: str
    sub_code: str

    def bucket(self, place: int, app_key: str, method: str) -> Bucket | None:
        """Where a call is counted; None where the quota does not concern it."""
        if not fnmatchcase(method, self.method or "*") or not fnmatchcase(
            app_key, self.app_key or "*"
        ):
            return None
        by_app = bool(self.app_key) or not self.method
        return place, app_key if by_app else "", method if self.method else ""

    def ends(self, now: datetime) -> datetime:
        """When a count, or a ban, that begins now is over: a second later, or at 24:00."""
        if self.per == "second":
            return now + _SPANS["second"]
        return now.replace(hour=0, minute=0, second=0, microsecond=0) + _SPANS["day"]

    def document(self) -> QuotaDocument:
        """The quota as users write it."""
        return QuotaDocument(
            per=self.per,
            limit=self.limit,
            method=self.method,
            app_key=self.app_key,
            sub_code=self.sub_code,
        )


class Ban(Struct, frozen=True):
    """No more calls until `ends`; `seconds` are those left, at least one."""

    sub_code: str
    seconds: int
    zh: str
    en: str


class _Count(Struct, frozen=True):
    """How many calls were let through until `ends`; once `banned`, none is."""

    ends: datetime
    calls: int = 0
    banned: bool = False


class QuotaCounters:
    """Counts of one sandbox; for who holds its lock.

    Its time is the sandbox's now, running on in real time even where the clock is frozen.
    """

    def __init__(self, shown: datetime, real: datetime) -> None:
        self._counts: dict[Bucket, _Count] = {}
        self._bans: dict[str, datetime] = {}
        self._shown, self._real = shown, real

    def now(self, real: datetime) -> datetime:
        """What time it is for quotas and bans when the machine's clock shows `real`."""
        return self._shown + (real - self._real)

    def advance(self, by: timedelta) -> None:
        """That much time has passed besides the real time."""
        self._shown += by

    def set(self, shown: datetime, real: datetime) -> None:
        """It is `shown` now; bans that this puts far ahead are over."""
        self._shown, self._real = shown, real

    def clear(self) -> None:
        """Nothing is counted yet and nobody is banned."""
        self._counts.clear()

    def start_ban(self, name: str, seconds: int, real: datetime) -> None:
        """A ban of that many seconds begins under a name."""
        self._bans[name] = self.now(real) + timedelta(seconds=seconds)

    def seconds_banned(self, name: str, most: int, real: datetime) -> int:
        """Seconds left of the ban of that name, which cannot be more than `most`; 0 without one."""
        left = self._bans.get(name, self._shown) - self.now(real)
        return ceil(left.total_seconds()) if timedelta() < left <= timedelta(seconds=most) else 0

    def consume_quota(
        self, quotas: tuple[Quota, ...], app_key: str, method: str, real: datetime
    ) -> Ban | None:
        """None where every quota lets the call through, which then counts in each.

        Else the ban of the first that does not.
        """
        now, taken = self.now(real), {}
        for place, quota in enumerate(quotas):
            bucket = quota.bucket(place, app_key, method)
            if bucket is None:
                continue
            count = self._counts.get(bucket)
            if count is None or not timedelta() < count.ends - now <= _SPANS[quota.per]:
                count = _Count(quota.ends(now))
            if count.calls >= quota.limit:
                if not count.banned:
                    count = self._counts[bucket] = _Count(quota.ends(now), count.calls, banned=True)
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
    given: Sequence[QuotaDocument], methods: Collection[str], apps: Collection[str]
) -> tuple[Quota, ...]:
    """Quotas as users write them, where `methods` and `apps` are the names that there are.

    Raises:
        BadDocument: too many, or one that cannot be; names it by its place, and the key.
    """
    if len(given) > _AT_MOST:
        raise BadDocument("quotas", f"最多 {_AT_MOST} 项", f"at most {_AT_MOST}")
    return tuple(_read(each, f"quotas[{place}]", methods, apps) for place, each in enumerate(given))


def _read(
    given: QuotaDocument, field: str, methods: Collection[str], apps: Collection[str]
) -> Quota:
    app_key = str(given.app_key)
    match_names(given.method, methods, f"{field}.method")
    match_names(app_key, apps, f"{field}.app_key")
    if given.per not in _SPANS:
        raise unknown_name(f"{field}.per", given.per, _SPANS)
    if not 0 <= given.limit <= _LIMIT_AT_MOST:
        raise BadDocument(
            f"{field}.limit",
            f"应为 0 到 {_LIMIT_AT_MOST} 的整数",
            f"a whole number from 0 to {_LIMIT_AT_MOST}",
        )
    usual = _BY_APP if not given.method else _BY_BOTH if app_key else _BY_API
    if given.sub_code and given.sub_code not in BAN_SUB_CODES:
        raise unknown_name(f"{field}.sub_code", given.sub_code, BAN_SUB_CODES, "子错误码")
    return Quota(given.per, given.limit, given.method, app_key, given.sub_code or usual)


def match_names(pattern: str, names: Collection[str], field: str) -> None:
    """A name or glob is one that some name matches; an empty one matches all.

    Raises:
        BadDocument: too long, or none matches; says what was probably meant.
    """
    if len(pattern) > _NAME_AT_MOST:
        raise BadDocument(field, f"最多 {_NAME_AT_MOST} 字", f"at most {_NAME_AT_MOST} characters")
    if pattern and not any(fnmatchcase(name, pattern) for name in names):
        raise unknown_name(field, pattern, names, "名称")
