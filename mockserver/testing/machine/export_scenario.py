"""Writes a failure as a scenario file.

What happened, the client's calls in it, and at last what does not hold.

Calls that changed nothing and did no wrong are left out, as are parameters that the platform does
not know.  Ids of exchanges stand as references, credentials not at all.
"""

from collections.abc import Iterator
from typing import Any

from ...api.methods import METHODS
from ...protocol.binding import SYSTEM_PARAMETERS
from ...protocol.pictures import make_data_url
from ...scenario.history_writer import write_history
from ...scenario.references import escape_references
from ...scenario.rejection import REPLY_LOST, read_rejection
from ...scenario.target import parse_reply
from .check_failure import CheckFailure
from .checks import CODES_OF_PARAMETERS
from .local_server import RecordedCall, read_body
from .machine_run import ExecutedStep, MachineRun, lengthen_ban
from .possible_steps import StepDocument

__all__ = ["export_scenario"]

_CODES_OF_SIGNS = (24, 25)  # no sign, a wrong one
_CODE_OF_BAN = 7
_CODES_WITHOUT_REASON = (*CODES_OF_PARAMETERS, _CODE_OF_BAN)  # what the gateway reads is right
_READ_BY_GATEWAY = ("timestamp", "format", "v", "sign_method")
_MAX_TITLE_LENGTH = 200
_MAX_ABOUT_LENGTH = 500
_LAST_STEP_FAILS = (
    (
        "最后一步不成立：客户端的调用照录在前 "
        "(the last step does not hold; the client's calls stand before it)"
    ),
)
_WITHIN_CLIENT = (
    "错误在客户端内部，平台看不到：这里重演经过，pytest 文件重现错误",
    (
        "the failure is within the client, unseen by the platform: these steps led there, "
        "the pytest file shows it again"
    ),
)


def export_scenario(run: MachineRun, failure: CheckFailure) -> str:
    """Return the text of the file.

    Raises:
        HistoryTooLong: no file can hold it.
    """
    writer = _StepWriter(run, every_call=failure.check == "pressed_on")
    options = run.options
    # Without the client's apps the scenario's own client may call what it likes.
    world = {
        key: value
        for key, value in options.world.items()
        if key not in ("apps", "clock", "ruleset")
    }
    steps = _leave_out_unused_names([*writer.write_steps(), *writer.write_failure(failure)])
    document = {
        "scenario": f"{options.name}：{failure.zh}"[:_MAX_TITLE_LENGTH],
        "about": failure.en[:_MAX_ABOUT_LENGTH],
        "ruleset": options.ruleset,
        "given": {"clock": run.began, **escape_references(world), "seed": options.seed},
        "steps": steps or [{"advance": "1s"}],  # a scenario has a step
    }
    return write_history(
        document, comments=_LAST_STEP_FAILS if failure.expected else _WITHIN_CLIENT
    )


def _leave_out_unused_names(steps: list[StepDocument]) -> list[StepDocument]:
    """Return the steps without the names that nothing refers to."""
    used = {step.get("on") for step in steps}
    used |= {text[1:] for step in steps for text in _list_texts(step) if text.startswith("$")}
    return [
        {
            key: value
            for key, value in step.items()
            if key != "as" or value in used or "fault" in step  # of a fault it is an option
        }
        for step in steps
    ]


def _list_texts(value: Any) -> Iterator[str]:
    for member in value.values() if isinstance(value, dict) else ():
        yield from [member] if isinstance(member, str) else _list_texts(member)


class _StepWriter:
    """Writes the steps of a run, with names instead of dispute ids.

    With `every_call` no call is left out: what counts is when the client called.
    """

    def __init__(self, run: MachineRun, *, every_call: bool) -> None:
        self._run = run
        self._every_call = every_call
        self._names = {str(dispute_id): name for dispute_id, name in run.names.items()}

    def write_steps(self) -> Iterator[StepDocument]:
        """Yield every step, the client's rounds as the calls that they came to."""
        for executed in self._run.executed_steps:
            if "client" in executed.step:
                yield from self._write_calls(executed)
            elif not self._is_spent_unseen(executed):
                yield escape_references(lengthen_ban(executed.step))

    def write_failure(self, failure: CheckFailure) -> Iterator[StepDocument]:
        """Yield the expectation that does not hold, if the platform can see it."""
        if failure.expected:
            name = self._names.get(str(failure.dispute_id))
            expectations = self._refer(escape_references(dict(failure.expected)))
            yield {"expect": expectations, **({"on": name} if name else {})}

    def _write_calls(self, executed: ExecutedStep) -> Iterator[StepDocument]:
        for call in executed.calls:
            if self._matters(call):
                yield self._write_call(call)

    def _matters(self, recorded: RecordedCall) -> bool:
        """Return True if the call changed something, would have, or did wrong."""
        failure = recorded.failure
        if failure is not None and not (failure.outcome == "refused" and failure.fault):
            return True
        method = METHODS.get(recorded.call.texts.get("method", ""))
        return self._every_call or (method is not None and method.move is not None)

    def _is_spent_unseen(self, executed: ExecutedStep) -> bool:
        """Return True for a planned fault that only disturbed calls which are left out.

        Another call would meet it instead.
        """
        return bool(executed.fault) and any(
            call.disturbed_by is not None
            and call.disturbed_by.id == executed.fault
            and not self._matters(call)
            for step in self._run.executed_steps
            for call in step.calls
        )

    def _write_call(self, recorded: RecordedCall) -> StepDocument:
        call = recorded.call
        failure = recorded.failure
        name = call.texts.get("method", "")
        method = METHODS.get(name)
        if method is not None:
            param_names = {param.name for param in method.params}
        else:
            param_names = call.texts.keys() - set(SYSTEM_PARAMETERS)
        params: dict[str, Any] = {
            key: text
            for key, text in call.texts.items()
            if key in param_names and (failure or key != "fields")
        }
        if failure is not None and "fields" in param_names:
            params.setdefault("fields", None)
        refused = failure is not None and failure.outcome == "refused" and not failure.fault
        if failure is not None and refused and failure.code not in _CODES_WITHOUT_REASON:
            params |= self._list_system_parameters(call.texts, failure.code)
        params |= {file.name: make_data_url(file.content) for file in call.files}
        return {
            "call": name,
            "with": self._refer(escape_references(params)),
            **self._write_session(call.texts.get("session", "")),
            **_write_refusal(recorded),
        }

    def _list_system_parameters(self, texts: Any, code: int) -> dict[str, Any]:
        """Return what the gateway itself reads of a call, as it was sent.

        What was left out is null; a session that the sandbox does not know gets another text.
        """
        sandbox = self._run.sandbox
        sessions = {
            account["session"] for shop in sandbox.shops for account in (shop, *shop["subs"])
        }
        params: dict[str, Any] = {
            name: escape_references(texts.get(name)) for name in _READ_BY_GATEWAY
        }
        if texts.get("app_key") != sandbox.app_key:
            params["app_key"] = escape_references(texts.get("app_key"))
        if texts.get("session") not in sessions:
            params["session"] = "strange" if "session" in texts else ""
        if code in _CODES_OF_SIGNS:
            params["sign"] = escape_references(texts.get("sign"))
        return params

    def _refer(self, value: Any) -> Any:
        """Return the value with references instead of the ids of the run's exchanges."""
        if not isinstance(value, dict):
            return value
        return {
            key: f"${self._names[member]}"
            if key == "dispute_id" and member in self._names
            else self._refer(member)
            for key, member in value.items()
        }

    def _write_session(self, session: str) -> StepDocument:
        """Return whose session it was; nothing for the first shop's main account."""
        for place, shop in enumerate(self._run.sandbox.shops):
            sub = any(session == account["session"] for account in shop["subs"])
            if sub or session == shop["session"]:
                return {
                    **({"shop": shop["nick"]} if place else {}),
                    **({"sub": True} if sub else {}),
                }
        return {}


def _write_refusal(recorded: RecordedCall) -> StepDocument:
    """Return how the call ended; nothing if it simply succeeded."""
    if recorded.is_reply_lost:
        return {"refused": REPLY_LOST}
    if recorded.disturbed_by is not None:
        rejection = read_rejection(parse_reply(read_body(recorded).encode(), ""))
        return {"refused": rejection.code or rejection.msg_code} if rejection else {}
    failure = recorded.failure
    if failure is None:
        return {}
    if failure.outcome == "refused":
        return {"refused": failure.code}
    return {"refused": failure.rule.partition(" ")[0]}
