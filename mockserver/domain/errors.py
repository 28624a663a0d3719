"""Why a move cannot be: one tree, each error carrying what its answerer needs.

`failure` names the business code (switch `msg_code.<failure>`); `zh` and `en` say what was wrong and
end with what is possible instead.
"""

from .exchange import Exchange
from .moves import Move
from .vocabulary import IN_HAND, Actor, Ruleset

__all__ = [
    "ConditionFailed",
    "DomainError",
    "IllegalMove",
    "NoSuchExchange",
    "StockShort",
    "WrongFlow",
]

Possible = tuple[tuple[Actor, type[Move]], ...]


class DomainError(Exception):
    """A refusal of the exchange's own rules; nothing has changed.  `exchange` is the one refused, as it was, where one was."""

    failure = "wrong_state"
    exchange: Exchange | None = None

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} ({en})")


class NoSuchExchange(DomainError):
    """No exchange with this id is visible to the caller."""

    failure = "not_exist"

    def __init__(self, dispute_id: int) -> None:
        self.dispute_id = dispute_id
        super().__init__(f"换货单 {dispute_id} 不存在", f"no exchange {dispute_id}")


class IllegalMove(DomainError):
    """No row of the table allows the move now; `possible` lists what is."""

    def __init__(
        self, *, exchange: Exchange, move: type[Move], by: Actor, possible: Possible, over: bool
    ) -> None:
        self.exchange, self.move, self.by, self.possible = exchange, move, by, possible
        self.status = status = exchange.status
        cs = exchange.cs_status
        if over:
            self.failure = "flow_over"
        held = f",{cs.zh}" if cs in IN_HAND else ""
        can_zh = "、".join(f"{actor.zh}{kind.zh}" for actor, kind in possible) or "无，流程已结束"
        can_en = (
            ", ".join(f"{actor} {kind.name()}" for actor, kind in possible)
            or "nothing, the flow is over"
        )
        super().__init__(
            f"换货单当前状态为「{status.zh}」{held}，不能由{by.zh}{move.zh}；当前可执行：{can_zh}",
            f"status is {status.value}, {by} cannot {move.name()}; possible: {can_en}",
        )


class WrongFlow(DomainError):
    """The move belongs to another ruleset than the exchange's."""

    failure = "wrong_flow"

    def __init__(
        self, *, exchange: Exchange, move: type[Move], belongs: tuple[Ruleset, ...]
    ) -> None:
        self.exchange, self.move = exchange, move
        ruleset = exchange.ruleset
        names = " / ".join(belongs)
        super().__init__(
            f"该换货单走{ruleset.zh}({ruleset})，不支持{move.zh}；"
            f"开单时指定 ruleset={names}，或以 --ruleset {names} 启动即可",
            f"this exchange follows {ruleset}, which has no {move.name()}; "
            f"open it with ruleset={names}, or start with --ruleset {names}",
        )


class ConditionFailed(DomainError):
    """A row exists but its condition does not hold."""

    def __init__(
        self, *, exchange: Exchange, move: type[Move], failure: str, name: str, zh: str, en: str
    ) -> None:
        self.exchange, self.move, self.failure, self.name = exchange, move, failure, name
        super().__init__(zh, en)


class StockShort(DomainError):
    """An account holds fewer units than an entry takes."""

    failure = "no_stock"

    def __init__(self, *, sku: str, account: str, wanted: int, left: int) -> None:
        self.sku, self.account, self.wanted, self.left = sku, account, wanted, left
        super().__init__(
            f"SKU {sku} 的 {account} 账户只有 {left} 件，需要 {wanted} 件",
            f"account {account} of SKU {sku} holds {left}, {wanted} wanted",
        )
