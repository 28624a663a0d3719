"""How a step was refused, and whether that is what the story wanted."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from .matching import Mismatch, compare, get_path
from .target import ScenarioTarget, TargetReply
from .yaml_text import Node

__all__ = ["LOST", "Rejection", "compare_rejection", "read_rejection"]

LOST = "reply_lost"  # how a story names a call whose reply a planned fault loses


class Rejection(Struct, frozen=True):
    """A refusal: `failure` by the control API's name, else the wire's `msg_code`; `code` of a platform error."""

    zh: str
    en: str
    failure: str = ""
    msg_code: str = ""
    code: int = 0
    sub_code: str = ""
    members: Mapping[str, Any] = {}

    @staticmethod
    def of_problem(problem: Mapping[str, Any]) -> "Rejection":
        """A refused control call."""
        failure = problem.get("failure") or problem.get("field") or ""
        return Rejection(
            str(problem.get("title", "")),
            str(problem.get("detail", "")),
            failure=failure,
            members=problem,
        )


def read_rejection(reply: TargetReply) -> Rejection | None:
    """The platform error or business failure of a reply; None where it succeeded."""
    inner = reply.inner
    if reply.error:
        said = " ".join(
            str(inner[key]) for key in ("code", "msg", "sub_code", "sub_msg") if inner.get(key)
        )
        return Rejection(
            said,
            said,
            code=int(inner.get("code", 0)),
            sub_code=str(inner.get("sub_code", "")),
            members=inner,
        )
    result = inner.get("result")
    if not isinstance(result, Mapping):
        return None
    code = str(result.get("msg_code") or result.get("error_code") or "")
    if result.get("success") is False or code:
        said = f"{code} {result.get('message') or result.get('error_msg') or ''}".strip()
        return Rejection(said, said, msg_code=code, members=result)
    return None


def compare_rejection(
    wanted: Node, refusal: Rejection, stage: ScenarioTarget
) -> Iterator[Mismatch]:
    """Where the refusal is another than wanted: true, a failure's name, a code, a sub_code, or members."""
    value = wanted.value
    if value is True:
        return
    if isinstance(value, dict):
        for path, node in value.items():
            yield from compare(f"refused {path}", node, get_path(refusal.members, path))
    elif isinstance(value, int):
        yield from compare("refused code", wanted, refusal.code)
    elif not _is(str(value), refusal, stage):
        actual = refusal.failure or refusal.msg_code or refusal.sub_code or refusal.code
        yield Mismatch("refused", wanted.line, wanted.column, value, actual)


def _is(name: str, refusal: Rejection, stage: ScenarioTarget) -> bool:
    if name in (refusal.failure, refusal.sub_code, refusal.msg_code):
        return True
    if name == LOST:
        return "lost" in refusal.members
    return (
        bool(refusal.msg_code)
        and stage.ask("GET", "rules").get(f"msg_code.{name}") == refusal.msg_code
    )
