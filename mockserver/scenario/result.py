"""What came of a story: passed, or where and why it broke, with all that helps to see it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

__all__ = ["OUTCOMES", "ScenarioFailure", "ScenarioResult"]

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "passed": ("通过", "passed"),
    "failed": ("不符", "failed"),
    "broken": ("中止", "broken"),
    "interrupted": ("中断", "interrupted"),
}


class ScenarioFailure(Struct, frozen=True, kw_only=True):
    """Where a story broke: place, sentence, wanted and actual, what the exchange had gone through.

    `curl` is the signed call that the step made; it takes the session from TOP_SESSION.  `source` is the
    line of the file, `log` what the client under test wrote last.
    """

    line: int
    column: int
    zh: str
    en: str
    wanted: Any = None
    actual: Any = None
    events: tuple[Mapping[str, Any], ...] = ()
    possible: Mapping[str, Any] = {}
    curl: str = ""
    source: str = ""
    log: str = ""


class ScenarioResult(Struct, frozen=True, kw_only=True):
    """One story played.

    `outcome` is `passed`, `failed` (an expectation), `broken` (the story or server could not go on) or
    `interrupted`; `exchanges` gives dispute ids by the story's names; `stopped` tells that `until` was reached.
    """

    title: str
    path: str
    outcome: str
    steps: int
    seconds: float = 0.0
    sandbox: str = ""
    exchanges: Mapping[str, str] = {}
    stopped: bool = False
    trouble: ScenarioFailure | None = None

    @property
    def ok(self) -> bool:
        """Whether everything was as wanted."""
        return self.outcome == "passed"
