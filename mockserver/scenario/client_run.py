"""Runs a scenario around a client under test, and says whether it says something about the client.

The seller's part is divided.  What the client does, by its profile, is awaited in its turn; what it
does not do is played for it; a refusal is awaited only where a correct client meets it (no stock, a
planned fault).  When the steps have ended, the client gets one more turn: exchanges at a status
that it handles have to be moved on.

Four things can come of it besides those of `runner.py`:

- The client has moved an exchange otherwise than the scenario: both are legal, so the scenario is
  `inapplicable`, with the move that the client made.
- A scenario waits for a method that the client never calls: `inapplicable`.
- All went as written, but the client had no part in it: `inapplicable`, as it would pass with a
  client that does nothing.
- An exchange at a status that the client handles is not acted on at the end: `failed`.

What a scenario writes into the seller's steps (a waybill, a message) is one possible choice, so an
expectation of exactly that value does not bind a client that has chosen another.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from ..domain.moves import MOVES, Agree
from ..domain.vocabulary import Actor, CsStatus, Status
from .matching import Mismatch
from .model import AwaitStep, CallStep, ControlStep, MoveStep, RestoreStep, Scenario, TimeStep
from .rejection import REPLY_LOST
from .result import ScenarioAborted, ScenarioFailure, ScenarioResult
from .run_settings import ClientProfile, ClientTurn, HeldClient, RunSettings
from .runner import ScenarioRun
from .step_calls import METHOD_OF_MOVE
from .target import ScenarioTarget
from .yaml_text import Node

__all__ = ["ClientRun"]

_MOVES_OF_METHODS = {name: move.name() for move, name in METHOD_OF_MOVE.items()}
# Refusals that a client with a correct view of the exchange meets.
_HONEST_REFUSALS = ("no_stock", REPLY_LOST)
_FIRST_CODE_OF_CALLER = 20  # lower codes are about traffic.  docs/spec/top-protocol.md#top-4
_KEYS_IN_THE_WAY = frozenset({"apps", "faults", "quotas", "robots", "stubs"})  # of `given`
_DERIVED = MappingProxyType({"address_id": "exchange.address"})
_STEPS_IN_THE_WAY = ("fault", "rights", "rules")
_MAX_REQUIRED = 5  # exchanges that are awaited at the end
_MAX_EXCHANGES = 1000


class ClientRun(ScenarioRun):
    """A scenario being run around a client of this profile."""

    def __init__(
        self,
        scenario: Scenario,
        target: ScenarioTarget,
        settings: RunSettings,
        profile: ClientProfile,
        client: HeldClient,
    ) -> None:
        super().__init__(scenario, target, settings)
        self._profile = profile
        self._client = client
        self._turn = ClientTurn(target, client, profile, settings.waiter.now)
        settings.waiter.turn = self._turn
        self._choices: set[str] = set()  # of the scenario for the seller: waybills, messages
        self._derived: set[str] = set()  # what follows from these choices
        self._played: dict[str, None] = {}  # methods that were called for the client, in order
        self._missing_method = ""
        self._unmet = False  # a step has waited for the client in vain
        self._unmet_id = ""  # the exchange of that step, "" if it was about none
        self._in_the_way = bool(_KEYS_IN_THE_WAY & scenario.world.keys())
        self._has_own_texts = any(
            name.startswith("text.") for name in scenario.world.get("rules", {})
        )

    def run(self) -> ScenarioResult:
        """Run all steps, give the client its last turn.  Return what came of it."""
        result = super().run()
        if result.outcome in ("failed", "broken"):
            result = self._excuse(result)
        elif not result.stopped:
            result = self._require_work_done(result)
        unmet = self._unmet and not self._profile.asks_all
        result = replace(result, client_steps=self.client_steps, unmet=unmet or result.unmet)
        if result.outcome == "passed" and not self.client_steps:
            return self._make_inapplicable(result, *self._describe_no_part())
        return result

    # the seller's steps

    def is_awaited(self, step: MoveStep | CallStep, params: Mapping[str, Any]) -> bool:
        """Return True if the step is one that this client does."""
        if not super().is_awaited(step, params):
            return False
        method = step.method if isinstance(step, CallStep) else METHOD_OF_MOVE[step.move]
        if not self._profile.does(method):
            self._played[method] = None
            return False
        if step.sub or not self._is_of_first_shop(step, params):
            return False
        return _is_honest(step.refused) or self._lacks_stock(step)

    def _is_of_first_shop(self, step: MoveStep | CallStep, params: Mapping[str, Any]) -> bool:
        """Return True if the client's session is that of the exchange's shop."""
        first = self._target.info["shops"][0]["nick"]
        if isinstance(step, CallStep):
            return step.shop in ("", first) and params.get("session") is None
        if len(self._target.info["shops"]) == 1:
            return True
        return bool(self._observe(step.on).exchange["shop"] == first)

    def _lacks_stock(self, step: MoveStep | CallStep) -> bool:
        """Return True if a failure that is written out (`success: false`) comes of the stock."""
        if not isinstance(step, MoveStep) or step.move is not Agree or step.refused is None:
            return False
        reply = step.refused.value
        success = reply.get("success") if isinstance(reply, Mapping) else None
        if success is None or success.value is not False:
            return False
        return not self._count_with_stock([self._observe(step.on).exchange])

    def open_exchange(self, step: MoveStep) -> None:
        """Let the buyer apply; what led to the status of the opening is not the client's doing."""
        before = self.names.get("it", "")
        super().open_exchange(step)
        if self.names.get("it", "") != before:
            self._take_events(self.names["it"], after=0)

    def make_move(self, step: MoveStep) -> None:
        """Await the client's move, or make it.  An awaited refusal that never came is made, too."""
        if not self.is_awaited(step, {}):
            self._play(step, self.names.get(step.on, ""))
            return
        self._take_choices(step.fields)
        try:
            super().make_move(step)
        except ScenarioAborted:
            if step.refused is None:
                self._unmet = True
                self._unmet_id = self.names.get(step.on, "")
                raise
            self.play_move(step)

    def make_call(self, step: CallStep) -> None:
        """Await the client's call, or make it."""
        params = self._fill_plain(step.params)
        if not self.is_awaited(step, params):
            self._play(step, str(params.get("dispute_id", "")))
            return
        self._take_choices(step.params)
        try:
            super().make_call(step)
        except ScenarioAborted:
            self._unmet = True
            self._unmet_id = str(params.get("dispute_id", ""))
            raise

    def _play(self, step: MoveStep | CallStep, dispute_id: str) -> None:
        """Make a step ourselves, and know its event from the client's."""
        seller = isinstance(step, CallStep) or step.actor is Actor.SELLER
        before = self._list_events()[-1:] if seller else []
        number = before[0]["number"] if before else 0
        if isinstance(step, MoveStep):
            self.play_move(step)
        else:
            super().make_call(step)
        if seller:
            self._take_events(dispute_id, after=number)

    def _take_events(self, dispute_id: str, after: int) -> None:
        """Take the events of an exchange that are not the client's, while the client is held."""
        self._waiter.take_events(
            event["number"]
            for event in self._list_events()
            if event["number"] > after and event["dispute_id"] == dispute_id
        )

    def wait(self, step: AwaitStep) -> None:
        """Wait for the client's call, then until the expectations hold.

        Raises:
            ScenarioAborted: the client does not make this call, or it comes too late.
        """
        if step.method and not self._profile.does(step.method):
            self._missing_method = step.method
            raise ScenarioAborted("", "")
        try:
            super().wait(step)
        except ScenarioAborted:
            self._unmet = True
            raise

    # what else happens

    def pass_time(self, step: TimeStep) -> None:
        """Let data get older.  A client that was held meanwhile has to look anew."""
        super().pass_time(step)
        self._client.forget()

    def restore_snapshot(self, step: RestoreStep) -> None:
        """Restore a state, which the client does not know."""
        super().restore_snapshot(step)
        self._client.forget()

    def change_sandbox(self, step: ControlStep) -> None:
        """Change the sandbox; after faults, rights and rules the client may be unable to go on."""
        super().change_sandbox(step)
        self._in_the_way = self._in_the_way or step.kind in _STEPS_IN_THE_WAY

    def _find_mismatches(self, expected: Node, on: str) -> Iterator[Mismatch]:
        return self._leave_out_choices(super()._find_mismatches(expected, on))

    def _fail_on_mismatch(self, mismatches: Iterable[Mismatch]) -> None:
        super()._fail_on_mismatch(self._leave_out_choices(mismatches))

    def _take_choices(self, fields: Node) -> None:
        """Take the values of a step that the client is free to choose otherwise."""
        self._choices |= set(_list_texts(fields))
        self._derived |= {_DERIVED[name] for name in fields.value if name in _DERIVED}

    def _leave_out_choices(self, mismatches: Iterable[Mismatch]) -> Iterator[Mismatch]:
        """Yield the mismatches that are no free choice of the seller."""
        for mismatch in mismatches:
            derived = any(mismatch.what.startswith(what) for what in self._derived)
            if not derived and str(mismatch.expected) not in self._choices:
                yield mismatch

    # what it says about the client

    def _list_events(self) -> list[Mapping[str, Any]]:
        return list(self._target.ask("GET", "events")["items"])

    def _list_own_moves(self, after: int = 0) -> list[Mapping[str, Any]]:
        """Return the moves of the seller that no step awaited or made, messages left out."""
        return [
            event
            for event in self._list_events()
            if event["by"] == Actor.SELLER.value
            and event["from"] != event["to"]
            and event["number"] > after
            and not self._waiter.has_taken(event["number"])
        ]

    def _excuse(self, result: ScenarioResult) -> ScenarioResult:
        """Return the result as `inapplicable` if the client has gone another legal way."""
        if self._missing_method:
            method = self._missing_method
            return self._make_inapplicable(
                result, f"被测程序不调用 {method}", f"the client does not call {method}"
            )
        if not self._turn.count and result.trouble:
            return self._make_inapplicable(
                result,
                f"被测程序还没有轮到：{result.trouble.zh}",
                f"the client has not had its turn: {result.trouble.en}",
            )
        if self._has_own_texts and result.outcome == "broken":
            return self._make_inapplicable(
                result,
                "场景改了平台的状态文字，被测程序不认得",
                "the scenario changes the platform's status texts, which the client does not know",
            )
        moves = [] if self._profile.asks_all else self._list_excusing_moves()
        if not moves:
            return result
        event = moves[0]
        move = MOVES[event["move"]]
        zh = f"被测程序走了另一条合法的路：{event['dispute_id']} {move.zh}({move.name()})"
        en = f"the client went another legal way: {move.name()} on {event['dispute_id']}"
        if result.trouble:
            zh = f"{zh}；{result.trouble.zh}"
            en = f"{en}; {result.trouble.en}"
        return self._make_inapplicable(result, zh, en)

    def _list_excusing_moves(self) -> list[Mapping[str, Any]]:
        """Return the client's own moves that explain why the scenario did not go as written.

        What it did to another exchange does not explain why it left the awaited one lying, unless
        it has used up the stock.
        """
        moves = self._list_own_moves()
        of_awaited = [move for move in moves if move["dispute_id"] == self._unmet_id]
        if not self._unmet_id or of_awaited:
            return of_awaited or moves
        awaited = [item for item in self._list_exchanges() if item["dispute_id"] == self._unmet_id]
        return [] if self._count_with_stock(awaited) else moves

    def _make_inapplicable(self, result: ScenarioResult, zh: str, en: str) -> ScenarioResult:
        trouble = result.trouble or ScenarioFailure(line=1, column=1, zh=zh, en=en)
        trouble = replace(trouble, zh=zh, en=en, expected=None, actual=None, curl="")
        return replace(result, outcome="inapplicable", trouble=trouble)

    def _describe_no_part(self) -> tuple[str, str]:
        """Return why nothing was the client's to do."""
        zh = "没有被测程序要做的事：什么也不做的程序也会通过"
        en = "no part of it is the client's: it passes with a client that does nothing"
        if self._played:
            names = ", ".join(self._played)
            return (
                f"{zh}；替它做了它不做的 {names}",
                f"{en}; {names}, which it does not do, was played",
            )
        return zh, en

    def _require_work_done(self, result: ScenarioResult) -> ScenarioResult:
        """Give the client its last turn; fail if it leaves lying what it could move on."""
        waiting = [] if self._in_the_way else self._list_waiting()
        required = min(self._count_with_stock(waiting), _MAX_REQUIRED)
        if not required:
            return result
        ids = {exchange["dispute_id"] for exchange in waiting}
        events = self._list_events()
        last = events[-1]["number"] if events else 0

        def find_moved() -> set[str]:
            moves = self._list_own_moves(last)
            return {event["dispute_id"] for event in moves} & ids

        done = self._waiter.wait_until(lambda: len(find_moved()) >= required)
        self.client_steps += len(find_moved())
        if done:
            return result
        left = next(item for item in waiting if item["dispute_id"] not in find_moved())
        dispute_id = left["dispute_id"]
        status = left["status"]
        text = left["status_text"]
        zh = f"场景结束后，换货单 {dispute_id} 停在 {status}「{text}」，被测程序没有办理"
        en = f"after the scenario, exchange {dispute_id} waits at {status}; the client does not act"
        failure = ScenarioFailure(
            line=1,
            column=1,
            zh=zh,
            en=en,
            events=tuple(left["timeline"][-5:]),
            possible=left["possible"],
        )
        return replace(result, outcome="failed", trouble=failure, unmet=True)

    def _list_waiting(self) -> list[Mapping[str, Any]]:
        """Return the exchanges that the client handles and can move on, stock left aside."""
        first = self._target.info["shops"][0]["nick"]
        moves = {_MOVES_OF_METHODS.get(name) for name in self._profile.methods}
        return [
            exchange
            for exchange in self._list_exchanges()
            if exchange["status"] in self._profile.handles
            and exchange["shop"] == first
            and exchange["cs_status"] == CsStatus.NOT_NEEDED
            and moves.intersection(exchange["possible"].get(Actor.SELLER.value, ()))
        ]

    def _list_exchanges(self) -> list[Mapping[str, Any]]:
        return list(self._target.ask("GET", "exchanges", limit=_MAX_EXCHANGES)["items"])

    def _count_with_stock(self, waiting: Iterable[Mapping[str, Any]]) -> int:
        """Return how many of the exchanges can be moved on with the stock that there is."""
        stock = {
            item["sku_id"]: item["available"] for item in self._target.ask("GET", "stock")["items"]
        }
        count = 0
        for exchange in sorted(waiting, key=lambda item: int(item["exchange"]["num"])):
            if exchange["status"] == Status.WAIT_SELLER_AGREE:
                sku = exchange["exchange"]["exchange_sku"]
                stock[sku] = stock.get(sku, 0) - int(exchange["exchange"]["num"])
                if stock[sku] < 0:
                    continue
            count += 1
        return count


def _is_honest(refused: Node | None) -> bool:
    """Return True if a correct client meets the refusal."""
    if refused is None:
        return True
    value = refused.value
    if isinstance(value, int) and value is not True:
        return value < _FIRST_CODE_OF_CALLER
    return value is True or value in _HONEST_REFUSALS


def _list_texts(node: Node) -> Iterator[str]:
    """Yield all texts and numbers of a tree."""
    if isinstance(node.value, dict):
        for member in node.value.values():
            yield from _list_texts(member)
    elif isinstance(node.value, tuple):
        for item in node.value:
            yield from _list_texts(item)
    elif node.value is not None:
        yield str(node.value)
