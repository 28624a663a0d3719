"""How a step was refused, and whether that is the refusal that the scenario expects."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..api.declaration import Method
from ..domain.failure_codes import CAPTURED_SUB_CODES
from .matching import Mismatch, compare, get_path
from .target import ScenarioTarget, TargetReply
from .yaml_text import Node

__all__ = [
    "ERROR_MEMBERS",
    "PROBLEM_MEMBERS",
    "REPLY_LOST",
    "Rejection",
    "compare_rejection",
    "list_members",
    "read_rejection",
]

_REMOTE_SERVICE_ERROR = 15  # with rule failure_shape, the code of a business failure
REPLY_LOST = "reply_lost"  # in `refused`: the call whose reply a planned fault takes away
PROBLEM_MEMBERS = (  # of the control API's refusals
    "type",
    "status",
    "title",
    "detail",
    "field",
    "failure",
    "condition",
    "status_now",
    "status_text",
    "possible",
    "legal_from",
    "way",
    "deadline",
    "advice",
)
ERROR_MEMBERS = ("code", "msg", "sub_code", "sub_msg", "request_id", "text", "lost")  # of TOP's
_FAILURE_MEMBERS = ("success", "msg_code", "message", "error_code", "error_msg")


class Rejection(Struct, frozen=True):
    """A refusal in words, and by what a scenario can name it.

    `failure` is the control API's name, `msg_code` the code of a business failure, `code` and
    `sub_code` those of a platform error; `members` is the whole error.
    """

    zh: str
    en: str
    failure: str = ""
    msg_code: str = ""
    code: int = 0
    sub_code: str = ""
    members: Mapping[str, Any] = {}

    @staticmethod
    def of_problem(problem: Mapping[str, Any]) -> "Rejection":
        """Return the refusal that a problem document of the control API describes."""
        return Rejection(
            str(problem.get("title", "")),
            str(problem.get("detail", "")),
            failure=problem.get("failure") or problem.get("field") or "",
            members=problem,
        )


def read_rejection(reply: TargetReply) -> Rejection | None:
    """Return the platform error or business failure of a reply; None if the call succeeded."""
    inner = reply.inner
    if reply.error:
        keys = ("code", "msg", "sub_code", "sub_msg")
        text = " ".join(str(inner[key]) for key in keys if inner.get(key))
        return Rejection(
            text,
            text,
            code=int(inner.get("code", 0)),
            sub_code=str(inner.get("sub_code", "")),
            members=inner,
        )
    result = inner.get("result", inner)
    if not isinstance(result, Mapping):
        return None
    code = str(result.get("msg_code") or result.get("error_code") or "")
    success = result.get("success", result.get("succ"))  # the refunds' own spelling
    if success is False or (code and success is None):
        text = f"{code} {result.get('message') or result.get('error_msg') or ''}".strip()
        return Rejection(text, text, msg_code=code, members=result)
    return None


def list_members(method: Method | None) -> tuple[str, ...]:
    """Return the names that a refused step's error can have: of a signed call, else a problem.

    A business failure stands in the reply of its `method`, or in the member `result` of it.
    """
    if method is None:
        return (*PROBLEM_MEMBERS, *ERROR_MEMBERS)
    fields = [*method.reply, *(inner for field in method.reply for inner in field.of)]
    return (*ERROR_MEMBERS, *_FAILURE_MEMBERS, *(field.name for field in fields))


def compare_rejection(
    expected: Node, rejection: Rejection, target: ScenarioTarget
) -> Iterator[Mismatch]:
    """Yield where the refusal is another than expected.

    True, a failure's name, a code, a sub_code, or members.
    """
    value = expected.value
    if value is True:
        return
    if isinstance(value, dict):
        for path, node in value.items():
            yield from compare(f"refused {path}", node, get_path(rejection.members, path))
    elif isinstance(value, int):
        yield from compare("refused code", expected, rejection.code)
    elif not _has_name(str(value), rejection, target):
        actual = rejection.failure or rejection.msg_code or rejection.sub_code or rejection.code
        yield Mismatch("refused", expected.line, expected.column, value, actual)


def _has_name(name: str, rejection: Rejection, target: ScenarioTarget) -> bool:
    """Return True if the refusal has this name.

    A failure's name is looked up among the sandbox's codes.
    """
    if name in (rejection.failure, rejection.sub_code, rejection.msg_code):
        return True
    if name == REPLY_LOST:
        return "lost" in rejection.members
    captured = [sub_code for sub_code, _ in CAPTURED_SUB_CODES.get(name, ())]
    code = rejection.msg_code
    if rejection.code == _REMOTE_SERVICE_ERROR:
        code = rejection.sub_code
    return bool(code) and (
        code in captured or target.ask("GET", "rules").get(f"msg_code.{name}") == code
    )
