"""Problems of the control API (RFC 9457): in Chinese and English, with field and possible moves."""

from collections.abc import Iterable
from typing import Any

from ..domain.errors import ConditionFailed, DomainError, IllegalMove, NoSuchExchange
from ..domain.moves import Move
from ..domain.rules import BadRule
from ..domain.vocabulary import Actor
from ..storage.port import StoreUnavailable
from ..world.document import BadDocument
from ..world.stored_sandbox import SandboxGone

__all__ = ["Problem", "exception_place", "group_by_actor", "make_problem"]


class Problem(Exception):
    """A refused control call; `more` are extra members of the problem document."""

    def __init__(self, status: int, zh: str, en: str, **more: Any) -> None:
        self.status, self.zh, self.en, self.more = status, zh, en, more
        super().__init__(f"{status} {zh} ({en})")

    def document(self) -> dict[str, Any]:
        """Return the members of the problem document."""
        return {
            "type": "about:blank",
            "status": self.status,
            "title": self.zh,
            "detail": self.en,
            **self.more,
        }


def group_by_actor(possible: Iterable[tuple[Actor, type[Move]]]) -> dict[str, list[str]]:
    """Return names of possible moves by actor, e.g. `{"buyer": ["cancel"]}`."""
    names: dict[str, list[str]] = {}
    for actor, move in possible:
        names.setdefault(actor.value, []).append(move.name())
    return names


def make_problem(wrong: Exception) -> Problem | None:
    """Return the problem that a refusal of a lower floor is; None for any other exception."""
    if isinstance(wrong, BadDocument):
        status = 404 if wrong.missing else 400
        return Problem(
            409 if wrong.conflict else status,
            f"{wrong.field}：{wrong.zh}",
            wrong.en,
            field=wrong.field,
        )
    if isinstance(wrong, BadRule):
        return Problem(400, wrong.zh, wrong.en, field=wrong.name)
    if isinstance(wrong, NoSuchExchange):
        return Problem(404, wrong.zh, wrong.en, field="dispute_id")
    if isinstance(wrong, IllegalMove):
        return Problem(
            409,
            wrong.zh,
            wrong.en,
            status_now=wrong.status.value,
            status_text=wrong.status.zh,
            possible=group_by_actor(wrong.possible),
            failure=wrong.failure,
        )
    if isinstance(wrong, ConditionFailed):
        return Problem(409, wrong.zh, wrong.en, failure=wrong.failure, condition=wrong.name)
    if isinstance(wrong, DomainError):
        return Problem(409, wrong.zh, wrong.en, failure=wrong.failure)
    if isinstance(wrong, StoreUnavailable):
        return Problem(503, wrong.zh, wrong.en)
    if isinstance(wrong, SandboxGone):
        return Problem(404, "独立环境刚被删除", "the sandbox has just been deleted", field="id")
    return None


def exception_place(error: BaseException) -> str:
    """Return class and innermost place of an unexpected exception, without values of the call."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else "?"
    return f"{type(error).__name__} at {place}"
