"""Why a move is refused: one tree of errors, each with the fields that a reply is made from.

`failure` names the business failure (rule `msg_code.<failure>` holds its code); `zh` and `en` say
what is wrong and end with what is possible instead.
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
    "WrongRuleset",
]

Possible = tuple[tuple[Actor, type[Move]], ...]


class DomainError(Exception):
    """A refusal by the rules of exchanges; nothing has changed.

    `exchange` is the exchange as it is, None if the refusal concerns none.
    """

    failure = "wrong_state"
    exchange: Exchange | None = None

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(f"{zh} ({en})")


class NoSuchExchange(DomainError):
    """No exchange with this id is visible to the caller."""

    failure = "not_exist"

    def __init__(self, dispute_id: int) -> None:
        self.dispute_id = dispute_id
        super().__init__(f"换货单 {dispute_id} 不存在", f"no exchange {dispute_id}")


class IllegalMove(DomainError):
    """No row of the table allows the move now; `possible` lists what each actor may do.

    `over` is True if the flow has ended.
    """

    def __init__(
        self, *, exchange: Exchange, move: type[Move], by: Actor, possible: Possible, over: bool
    ) -> None:
        self.exchange = exchange
        self.move = move
        self.by = by
        self.possible = possible
        self.status = exchange.status
        if over:
            self.failure = "flow_over"
        cs_status = exchange.cs_status
        in_hand = f",{cs_status.zh}" if cs_status in IN_HAND else ""
        status = exchange.status
        can_zh = "、".join(f"{actor.zh}{kind.zh}" for actor, kind in possible) or "无，流程已结束"
        can_en = (
            ", ".join(f"{actor} {kind.name()}" for actor, kind in possible)
            or "nothing, the flow is over"
        )
        super().__init__(
            f"换货单当前状态为「{status.zh}」{in_hand}，不能由{by.zh}{move.zh}；当前可执行：{can_zh}",
            f"status is {status.value}, {by} cannot {move.name()}; possible: {can_en}",
        )


class WrongRuleset(DomainError):
    """The move belongs to another ruleset than the exchange's."""

    failure = "wrong_flow"

    def __init__(
        self, *, exchange: Exchange, move: type[Move], belongs: tuple[Ruleset, ...]
    ) -> None:
        self.exchange = exchange
        self.move = move
        ruleset = exchange.ruleset
        names = " / ".join(belongs)
        super().__init__(
            f"该换货单走{ruleset.zh}({ruleset})，不支持{move.zh}；"
            f"开单时指定 ruleset={names}，或以 --ruleset {names} 启动即可",
            f"this exchange follows {ruleset}, which has no {move.name()}; "
            f"open it with ruleset={names}, or start with --ruleset {names}",
        )


class ConditionFailed(DomainError):
    """A row exists but its condition `name` does not hold."""

    def __init__(
        self, *, exchange: Exchange, move: type[Move], failure: str, name: str, zh: str, en: str
    ) -> None:
        self.exchange = exchange
        self.move = move
        self.failure = failure
        self.name = name
        super().__init__(zh, en)


class StockShort(DomainError):
    """Account `account` of `sku` holds `left` units, fewer than the `quantity` ones."""

    failure = "no_stock"

    def __init__(self, *, sku: str, account: str, quantity: int, left: int) -> None:
        self.sku = sku
        self.account = account
        self.quantity = quantity
        self.left = left
        super().__init__(
            f"SKU {sku} 的 {account} 账户只有 {left} 件，需要 {quantity} 件",
            f"account {account} of SKU {sku} holds {left}, {quantity} wanted",
        )
