"""A failure as a scenario file: what happened, the client's calls in it, and at last what does not hold.

Calls that changed nothing and are no offence are left out, as are parameters that the platform does not know.  Ids of exchanges stand as references, credentials not at all.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...api.methods import METHODS
from ...protocol.binding import SYSTEM_PARAMETERS
from ...protocol.pictures import data_url
from ...scenario.references import escape_references
from ...scenario.rejection import LOST
from ...scenario.yaml_writer import write_yaml
from ...version import __version__
from .checks import PLAIN, CheckFailure
from .local_server import RecordedCall
from .machine_run import ExecutedStep, MachineRun
from .possible_steps import StepDocument

__all__ = ["export_scenario"]

_OF_SIGNS = (24, 25)  # no sign, a wrong one


def export_scenario(encounter: MachineRun, failure: CheckFailure) -> str:
    """The text of the file."""
    teller = _Teller(encounter)
    story = {
        "scenario": f"{encounter.plan.name}：{failure.zh}"[:200],
        "about": f"{failure.en}"[:500],
        "ruleset": encounter.plan.ruleset,
        "given": {
            "clock": encounter.began,
            **escape_references(_without_apps(encounter.plan.world)),
            "seed": encounter.plan.seed,
        },
        "steps": _with_names([*teller.steps(), *teller.ending(failure)])
        or [{"advance": "1s"}],  # a story has a step
    }
    return f"# tmall-mockserver {__version__}\n{_remark(failure)}{write_yaml(story)}"


def _without_apps(world: Mapping[str, Any]) -> dict[str, Any]:
    """A world in which the story's own client may call what it likes."""
    return {key: value for key, value in world.items() if key not in ("apps", "clock", "ruleset")}


def _with_names(steps: list[StepDocument]) -> list[StepDocument]:
    """The steps, names only for what is referred to."""
    used = {step.get("on") for step in steps} | {
        name[1:] for step in steps for name in _texts(step) if name.startswith("$")
    }
    return [
        {key: value for key, value in step.items() if key != "as" or value in used}
        for step in steps
    ]


def _texts(value: Any) -> Iterator[str]:
    for each in value.values() if isinstance(value, dict) else ():
        yield from [each] if isinstance(each, str) else _texts(each)


def _remark(failure: CheckFailure) -> str:
    if failure.expected:
        return "# 最后一步不成立：客户端的调用照录在前 (the last step does not hold; the client's calls stand before it)\n"
    return (
        "# 错误在客户端内部，平台看不到：这里重演经过，pytest 文件重现错误\n"
        "# the failure is within the client, unseen by the platform: this tells what led there, the pytest file shows it again\n"
    )


class _Teller:
    """The steps of a run in the making; names instead of ids."""

    def __init__(self, encounter: MachineRun) -> None:
        self._encounter = encounter
        self._names = {str(number): name for number, name in encounter.names.items()}
        self._rounds = 0

    def steps(self) -> Iterator[StepDocument]:
        """Every deed, the client's rounds as the calls that they came to."""
        for deed in self._encounter.operations:
            if "client" in deed.step:
                yield from self._calls(deed)
            else:
                yield escape_references(deed.step)

    def ending(self, failure: CheckFailure) -> Iterator[StepDocument]:
        """What does not hold."""
        if failure.expected:
            name = self._names.get(str(failure.dispute_id))
            yield {"expect": self._named(dict(failure.expected)), **({"on": name} if name else {})}

    def _calls(self, deed: ExecutedStep) -> Iterator[StepDocument]:
        for heard in deed.heard:
            told = self._call(heard)
            if told is not None:
                yield told

    def _call(self, heard: RecordedCall) -> StepDocument | None:
        """The call as a step; None where nothing hangs on it."""
        call, trouble = heard.call, heard.trouble
        name = call.texts.get("method", "")
        method = METHODS.get(name)
        if trouble is None and (method is None or method.move is None):
            return None
        if trouble is not None and trouble.outcome == "refused" and trouble.fault:
            return None
        declared = (
            {param.name for param in method.params}
            if method
            else call.texts.keys() - set(SYSTEM_PARAMETERS)
        )
        params: dict[str, Any] = {
            key: text
            for key, text in call.texts.items()
            if key in declared and (trouble or key != "fields")
        }
        if trouble is not None and "fields" in declared:
            params.setdefault("fields", None)
        if trouble is not None and trouble.outcome == "refused" and trouble.code not in PLAIN:
            params |= self._as_sent(call.texts, trouble.code)
        params |= {file.name: data_url(file.content) for file in call.files}
        return {
            "call": name,
            "with": self._named(escape_references(params)),
            **self._account(call.texts.get("session", "")),
            **_refused(heard),
        }

    def _as_sent(self, texts: Mapping[str, str], code: int) -> dict[str, Any]:
        """What the gateway itself reads of a call, as it was sent: what was left out is null, a strange session has another text."""
        own = {
            each["session"]
            for shop in self._encounter.sandbox.shops
            for each in (shop, *shop["subs"])
        }
        sent: dict[str, Any] = {
            name: escape_references(texts.get(name))
            for name in ("timestamp", "format", "v", "sign_method")
        }
        if texts.get("app_key") != self._encounter.sandbox.app_key:
            sent["app_key"] = escape_references(texts.get("app_key"))
        if texts.get("session") not in own:
            sent["session"] = "strange" if "session" in texts else ""
        return {**sent, "sign": escape_references(texts.get("sign"))} if code in _OF_SIGNS else sent

    def _named(self, value: Any) -> Any:
        """The value with references instead of the ids of exchanges that were opened here."""
        if isinstance(value, dict):
            return {
                key: f"${self._names[each]}"
                if key == "dispute_id" and each in self._names
                else self._named(each)
                for key, each in value.items()
            }
        return value

    def _account(self, session: str) -> StepDocument:
        """Whose session it was, where it was not the first shop's main one."""
        for place, shop in enumerate(self._encounter.sandbox.shops):
            sub = any(session == each["session"] for each in shop["subs"])
            if sub or session == shop["session"]:
                return {
                    **({"shop": shop["nick"]} if place else {}),
                    **({"sub": True} if sub else {}),
                }
        return {}


def _refused(heard: RecordedCall) -> StepDocument:
    """How the call ended, where it did not simply succeed."""
    if heard.lost:
        return {"refused": LOST}
    if heard.trouble is None:
        return {}
    trouble = heard.trouble
    return {
        "refused": trouble.code if trouble.outcome == "refused" else trouble.rule.partition(" ")[0]
    }
