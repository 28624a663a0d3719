"""What came of a scenario: passed, or where and why it failed, with all that helps to see it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

__all__ = ["OUTCOMES", "ScenarioAborted", "ScenarioFailure", "ScenarioResult", "to_reportable"]

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "passed": ("通过", "passed"),
    "failed": ("不符", "failed"),
    "broken": ("中止", "broken"),
    "inapplicable": ("不适用", "not applicable"),
    "interrupted": ("中断", "interrupted"),
}


class ScenarioAborted(Exception):
    """The scenario cannot go on, which says nothing of what it tests: the outcome is `broken`."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(f"{zh} ({en})")


class ScenarioFailure(Struct, frozen=True, kw_only=True):
    """Where a scenario failed: place in the file, sentence, expected and actual value.

    `events` are the last five of the exchange, `possible` its moves by actor.  `curl` is the signed
    call of the step; it takes the session from TOP_SESSION.  `source` is the line of the file,
    `log` what the client under test wrote last.
    """

    line: int
    column: int
    zh: str
    en: str
    expected: Any = field(default=None, name="wanted")
    actual: Any = None
    events: tuple[Mapping[str, Any], ...] = ()
    possible: Mapping[str, Any] = {}
    curl: str = ""
    source: str = ""
    log: str = ""


class ScenarioResult(Struct, frozen=True, kw_only=True):
    """What came of one scenario.

    `outcome` is `passed`, `failed` (an expectation), `broken` (scenario or server could not go on),
    `inapplicable` (it says nothing about the client under test; `trouble` has the reason) or
    `interrupted`. `steps` counts the steps that ended, `client_steps` what the client under test
    did of them, `unmet` is True if one waited in vain for a client whose profile has it, `seconds`
    is real time, `sandbox` an id; `exchanges` gives dispute ids by name;
    `stopped` is True if the status of `--until` was reached.
    """

    title: str
    path: str
    outcome: str
    steps: int
    client_steps: int = 0
    unmet: bool = False
    seconds: float = 0.0
    sandbox: str = ""
    exchanges: Mapping[str, str] = {}
    stopped: bool = False
    trouble: ScenarioFailure | None = None

    @property
    def ok(self) -> bool:
        """Return True unless something is wrong: all went as written, or it does not apply."""
        return self.outcome in ("passed", "inapplicable")


def to_reportable(value: Any) -> Any:
    """Return a value that JSON can carry."""
    is_json = isinstance(value, bool | int | float | str | list | dict | None)
    return value if is_json else repr(value)
