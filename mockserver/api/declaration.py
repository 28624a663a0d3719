"""What a declared method is: its parameters, its reply, the move it plays or the query it asks."""

from msgspec import Struct

from ..domain.evidence import Evidence
from ..domain.moves import Move
from ..protocol.shapes import Field, Param, ValueKind

__all__ = ["Method", "make_fields_param", "response_wrapper"]


def response_wrapper(name: str) -> str:
    """`tmall.exchange.get` is answered by `tmall_exchange_get_response`; only `taobao.` is dropped."""
    return name.removeprefix("taobao.").replace(".", "_") + "_response"


def make_fields_param(limit: int) -> Param:
    """The `fields` parameter: which members of the record to return, at most `limit` names."""
    return Param(name="fields", kind=ValueKind.STRINGS, required=True, limit=limit, zh="返回字段")


class Method(Struct, frozen=True, kw_only=True):
    """One TOP method, declared once.

    A method with a `move` needs no handler; the others name a `query`.  `record` holds the members
    that `fields` chooses from.  `failure` names the member that carries a business failure's code:
    `msg_code` (beside `success`), `error_code`, or empty where the platform has none.
    """

    name: str
    title: str
    en: str
    evidence: Evidence
    params: tuple[Param, ...]
    reply: tuple[Field, ...]
    record: tuple[Field, ...] = ()
    doc_id: int = 0
    session: bool = True
    move: type[Move] | None = None
    query: str = ""
    failure: str = ""

    @property
    def wrapper(self) -> str:
        """The root of the reply."""
        return response_wrapper(self.name)

    @property
    def all_fields(self) -> str:
        """All that `fields` can ask for, as one value."""
        return ",".join(field.asked_as or field.name for field in self.record)
