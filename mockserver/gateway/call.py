"""One call on its way through the gateway: what arrived, and what the checks know so far."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from ..api.declaration import Method
from ..domain.errors import DomainError
from ..protocol.binding import Arguments
from ..protocol.errors import TopError
from ..protocol.forms import BadForm, Upload, parse_boundary, parse_multipart, parse_urlencoded
from ..protocol.messages import Inbound
from ..world.faults.fault_matching import FaultMatch
from ..world.identity import App, Session
from ..world.unit_of_work import UnitOfWork
from ..world.world import World

__all__ = ["Call", "read_call"]


class Call(Struct):
    """The working record of one call; checks fill it in, in their order.

    Of `texts` the first `in_query` came in the query.  `caller_sandbox` is the sandbox that session
    and app_key name, `work` the open unit of work, `world` the sandbox that answers, once the check
    of the app has passed.  `refusal` is the business failure, or the platform error that a lax
    server let pass.
    """

    inbound: Inbound
    request_id: str
    texts: dict[str, str] = {}
    in_query: int = 0
    files: list[Upload] = []
    raw_body: str = ""
    repeated: str = ""
    unreadable: BadForm | None = None
    caller_sandbox: World | None = None
    work: UnitOfWork | None = None
    world: World | None = None
    app: App | None = None
    session: Session | None = None
    method: Method | None = None
    stub: bytes | None = None
    arguments: Arguments = {}
    warnings: list[str] = []
    rule: str = ""
    msg_code: str = ""
    cause: tuple[str, str] = ("", "")
    refusal: DomainError | TopError | None = None
    fault: FaultMatch | None = None

    @property
    def as_json(self) -> bool:
        """True if the reply is JSON; XML is the default, also for an unknown format."""
        return self.texts.get("format") == "json"

    @property
    def simplify(self) -> bool:
        """True if lists are unwrapped: only for the word `true`, and only with JSON."""
        return self.as_json and self.texts.get("simplify") == "true"


def read_call(inbound: Inbound, request_id: str) -> Call:
    """Return the call with its texts and files; what cannot be read is noted for the checks.

    Parameters come from the query and the body alike; the first value of a repeated one counts.
    """
    call = Call(inbound, request_id)
    if inbound.remarks:
        call.warnings = [flaw.sentence for flaw in inbound.remarks]
    pairs = _pairs(call, _read_query)
    call.in_query = len(pairs)
    pairs += _pairs(call, _read_body)
    call.texts = dict(pairs)
    if len(call.texts) < len(pairs):
        call.in_query = len(dict(pairs[: call.in_query]))
        call.texts, call.repeated = _first_values(pairs)
    return call


def _pairs(call: Call, read: Callable[[Call], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Return what `read` returns; note what cannot be read."""
    try:
        return read(call)
    except BadForm as wrong:
        call.unreadable = call.unreadable or wrong
        return wrong.pairs


def _first_values(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], str]:
    """Return the first value of each name, and the first name that came twice."""
    texts: dict[str, str] = {}
    repeated = ""
    for name, value in pairs:
        if name in texts:
            repeated = repeated or name
        else:
            texts[name] = value
    return texts, repeated


def _read_query(call: Call) -> list[tuple[str, str]]:
    return parse_urlencoded(call.inbound.query)


def _read_body(call: Call) -> list[tuple[str, str]]:
    """Return the pairs of the body; put its files and a raw JSON or XML body into the call."""
    inbound = call.inbound
    body, kind = inbound.body or b"", inbound.content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        pairs, call.files = parse_multipart(body, parse_boundary(inbound.content_type))
        return pairs
    if kind not in ("application/json", "text/xml") and not inbound.batch:
        return parse_urlencoded(body)
    try:
        call.raw_body = body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadForm("not UTF-8", [], encoding=True) from None
    return []
