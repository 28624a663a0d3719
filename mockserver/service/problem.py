"""Problems of the control API (RFC 9457), in Chinese and English, naming the field and what is possible."""

from collections.abc import Iterable
from typing import Any

from ..domain.errors import ConditionFailed, DomainError, IllegalMove, NoSuchExchange
from ..domain.moves import Move
from ..domain.rules import BadRule
from ..domain.vocabulary import Actor
from ..world.document import BadDocument

__all__ = ["Problem", "exception_place", "group_by_actor", "make_problem"]


class Problem(Exception):
    """A refused control call; `more` are extra members of the problem document."""

    def __init__(self, status: int, zh: str, en: str, **more: Any) -> None:
        self.status, self.zh, self.en, self.more = status, zh, en, more
        super().__init__(f"{status} {zh} ({en})")

    def document(self) -> dict[str, Any]:
        """The members of the problem document."""
        return {
            "type": "about:blank",
            "status": self.status,
            "title": self.zh,
            "detail": self.en,
            **self.more,
        }


def group_by_actor(possible: Iterable[tuple[Actor, type[Move]]]) -> dict[str, list[str]]:
    """Possible moves as users see them: names by actor."""
    shown: dict[str, list[str]] = {}
    for actor, move in possible:
        shown.setdefault(actor.value, []).append(move.name())
    return shown


def make_problem(wrong: Exception) -> Problem | None:
    """The problem that a refusal of the floors below amounts to; None for what is no refusal."""
    if isinstance(wrong, BadDocument):
        return Problem(
            409 if wrong.conflict else 400,
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
    return None


def exception_place(error: BaseException) -> str:
    """Return class and innermost place of an unexpected exception, without any value of the call."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else "?"
    return f"{type(error).__name__} at {place}"
