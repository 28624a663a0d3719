"""Carries out steps in one sandbox, through its target: shared by the runner and the machine."""

from collections.abc import Mapping
from typing import Any

from ..domain.moves import Move
from ..domain.vocabulary import Actor
from .result import ScenarioAborted
from .step_calls import SandboxCall, build_move_call, build_opening_call, build_signed_call
from .step_kinds import STEP_KINDS
from .target import ScenarioTarget, TargetReply

__all__ = ["StepExecutor"]


class StepExecutor:
    """The hands of an interpreter: sends what a step comes to.  Nothing here judges an answer."""

    def __init__(self, target: ScenarioTarget) -> None:
        self.target = target

    def open_exchange(self, fields: Mapping[str, Any]) -> str:
        """Let the buyer apply.  Return the `dispute_id`.

        Raises:
            ControlRefused: the sandbox refused.
        """
        return str(self._send(build_opening_call(fields))["dispute_id"])

    def make_move(
        self,
        actor: Actor,
        move: type[Move],
        dispute_id: str,
        fields: Mapping[str, Any],
        *,
        sub: bool = False,
    ) -> TargetReply | None:
        """Make a move.

        The seller's as a signed call, whose reply is returned, any other by the control API.

        Raises:
            ControlRefused: the control API refused; a refused signed call is a reply.
        """
        if actor is Actor.SELLER:
            session = self.find_session(self._find_shop(dispute_id), sub=sub)
            call = build_signed_call(move, dispute_id, fields, self.target, session)
            if call is not None:
                return self.target.call(*call, session)
        self._send(build_move_call(dispute_id, actor.value, move.name(), fields, sub=sub))
        return None

    def change_sandbox(self, kind: str, value: Any) -> None:
        """Make the control calls of a step such as `rules`, `stock`, `advance` or `snapshot`.

        Raises:
            ControlRefused: the control API refused.
        """
        build_calls = STEP_KINDS[kind].build_calls
        assert build_calls is not None
        for call in build_calls(value, self.target.info):
            self._send(call)

    def find_session(self, shop: str, *, sub: bool) -> str:
        """Return the session of a shop (of the first one if empty), or of its first sub-account.

        Raises:
            ScenarioAborted: there is no such shop or no sub-account.
        """
        shops = self.target.info["shops"]
        chosen = next((entry for entry in shops if shop in ("", entry["nick"])), None)
        if chosen is None:
            raise ScenarioAborted(f"没有店铺 {shop}", f"no shop {shop}")
        if sub and not chosen["subs"]:
            raise ScenarioAborted("店铺没有子账号", "the shop has no sub-account")
        return str(chosen["subs"][0]["session"] if sub else chosen["session"])

    def _find_shop(self, dispute_id: str) -> str:
        """Return the shop of an exchange; empty where there is only one."""
        if len(self.target.info["shops"]) == 1:
            return ""
        return str(self.target.ask("GET", f"exchanges/{dispute_id}")["shop"])

    def _send(self, call: SandboxCall) -> Any:
        return self.target.ask(call.verb, call.path, call.body)
