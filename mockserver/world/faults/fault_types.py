"""What a planned fault is: its effect, which calls it can disturb, which options it has.

`effect` says where a fault acts: an answer instead of the platform's own, the way in which the
reply leaves, what a read sees, or a second delivery.  Faults of one effect differ in their options
alone. The faults themselves stand in fault_kinds.py, named sets of them in fault_sets.py.

Source: docs/spec/top-protocol.md#top-4, #top-6.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from ...api.declaration import Method
from ...domain.evidence import Evidence

__all__ = ["TIMEOUT", "Calls", "Effect", "FaultKind", "FaultOption", "Value"]

Value = bool | int | float | str | timedelta
TIMEOUT = "isp.remote-service-timeout"
_ENDS = ("end_gmt_modifed_time", "end_created_time")  # as the platform spells them


class Effect(StrEnum):
    """Where a fault acts."""

    REFUSE = "refuse"  # a platform error instead; the call is not carried out
    FAIL = "fail"  # a business failure instead; the call is not carried out
    BAN = "ban"  # error 7 instead, for a while
    REPLY = (
        "reply"  # the reply is disturbed on its way out; with `executed: false` error 15 instead
    )
    TWICE = "twice"  # the request is carried out twice
    READ = "read"  # a read sees other than what is
    MESSAGE = "message"  # a message of the channel goes another way


class Calls(StrEnum):
    """Which calls a fault can disturb."""

    ALL = "all"
    SESSIONS = "sessions"
    FAILING = "failing"
    READS = "reads"
    LISTS = "lists"
    PAGES = "pages"
    WINDOWS = "windows"
    NONE = "none"

    @property
    def label(self) -> tuple[str, str]:
        """The same in Chinese and English words."""
        of_list = "tmall.exchange.receive.get"
        return {
            "all": ("所有方法", "every method"),
            "sessions": ("需要 session 的方法", "methods that need a session"),
            "failing": ("有业务失败形式的方法", "methods that have business failures"),
            "reads": ("查询方法", "methods that read"),
            "lists": (of_list, of_list),
            "pages": (f"{of_list} 的第 2 页及以后", f"page 2 and later of {of_list}"),
            "windows": (f"带结束时间的 {of_list}", f"{of_list} with an end to its window"),
            "none": ("消息通道(TMC)的消息，用 topic 筛选", "messages of the channel, by topic"),
        }[self.value]

    def include(self, method: Method | None, arguments: Mapping[str, object] | None = None) -> bool:
        """Return True if a call of the method with these arguments (None: with any) is among them.

        A stubbed method is None.
        """
        if self in (Calls.ALL, Calls.NONE) or method is None:
            return self is Calls.ALL
        if self in (Calls.PAGES, Calls.WINDOWS) and arguments is not None:
            if method.query != "exchanges":
                return False
            if self is Calls.PAGES:
                return arguments.get("page_no", 1) != 1
            return any(end in arguments for end in _ENDS)
        return bool(
            {
                Calls.SESSIONS: method.session,
                Calls.FAILING: method.failure,
                Calls.READS: method.query,
            }.get(self, method.query == "exchanges")
        )


class FaultOption(Struct, frozen=True):
    """An option of a fault; its type is that of its default.

    `least` and `most` bound a number, the seconds of a duration, or the characters of a text.
    """

    name: str
    default: Value
    zh: str
    en: str
    least: float = 0
    most: float = 0
    among: tuple[Value, ...] = ()


class FaultKind(Struct, frozen=True, kw_only=True):
    """One kind of fault; `fixed` are values that a kind with more options would let choose.

    `looks_back` is True if the sandbox has to keep past states while such a fault is planned,
    `loses` if the caller does not get the reply of the call.
    """

    name: str
    zh: str
    en: str
    effect: Effect
    evidence: Evidence
    calls: Calls = Calls.ALL
    options: tuple[FaultOption, ...] = ()
    fixed: Mapping[str, Value] = MappingProxyType({})
    looks_back: bool = False
    loses: bool = False
