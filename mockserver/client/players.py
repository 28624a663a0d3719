"""The parties of an exchange as handles: each of their moves is a method.

    sandbox.buyer.ship_back(exchange, logistics_no="SF123456")

The methods stand here by name, so that an editor completes them and a type checker reads them; a
test holds them equal to the moves of the table.  Keyword arguments are a move's fields: what is
left out has a sensible default, which the server knows.  `for_` stands for the field `for`.
Without an exchange, the one that was opened last is meant.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from ..domain.vocabulary import Actor
from ..service.control_function import ControlCall
from ..world.move_parser import ACTOR_MOVES
from .exchange import Exchange, LastExchange
from .unknown_name import suggest

__all__ = ["Buyer", "CustomerService", "Player", "Seller", "System"]

Target = Exchange | str | int | None  # the handle of an exchange or its id; None: opened last


class Application(TypedDict, total=False):
    """Fields of an application or its modification: what the buyer asks for."""

    reason: str
    desc: str
    exchange_sku: str | int
    num: int
    buyer_address: str


class Words(TypedDict, total=False):
    """Fields of a seller's message with a move; pictures are URLs or `data:` URLs."""

    leave_message: str
    leave_message_pics: Sequence[str]


class Agreement(Words, total=False):
    """Fields of an agreement: the return address, by id or written out."""

    address_id: int | str | None
    complete_address: str
    mobile: str | int
    post: str | int


class Refusal(Words, total=False):
    """Fields of a refusal; without a reason the first that the state allows."""

    seller_refuse_reason_id: int | str | None


class Shipment(TypedDict, total=False):
    """Fields of goods that go out: carrier and waybill."""

    logistics_company_name: str
    logistics_no: str | int | None


class Consignment(Shipment, total=False):
    """Fields of the replacement that goes out; type 100 is ordinary mail, 200 express."""

    logistics_type: int | str


class Verdict(TypedDict, total=False):
    """Fields of customer service's decision."""

    for_: Literal["buyer", "seller", "refund"]
    content: str


class MessageFields(TypedDict, total=False):
    """Fields of a message; pictures are URLs or `data:` URLs."""

    content: str
    pics: Sequence[str]


class Player:
    """One party of a sandbox, which plays its moves through the control API."""

    actor: Actor

    def __init__(self, ask: ControlCall, last: LastExchange, *, sub: bool = False) -> None:
        self._ask = ask
        self._last = last
        self._sub = sub

    if not TYPE_CHECKING:  # a type checker reports what the class does not define

        def __getattr__(self, name: str) -> Any:
            choices = suggest(name, ACTOR_MOVES[self.actor])
            raise AttributeError(f"{self.actor} 没有 {name} (no move {name}){choices}")

    def _play(self, move: str, exchange: Target, fields: Mapping[str, object]) -> Exchange:
        """Play `move`.

        Raises:
            ControlRefused: the state does not allow it, or a field cannot be.
            ValueError: no exchange is open.
        """
        body = {
            "by": self.actor.value,
            "move": move,
            **{name.rstrip("_"): value for name, value in fields.items()},
        }
        if self._sub:
            body["sub"] = True
        dispute_id = self._last.choose(exchange)
        self._ask("POST", f"exchanges/{dispute_id}/moves", body)
        return Exchange(self._ask, dispute_id)


class Negotiator(Player):
    """A party that can leave messages."""

    def leave_message(self, exchange: Target = None, **fields: Unpack[MessageFields]) -> Exchange:
        """Leave a message in the negotiation."""
        return self._play("leave_message", exchange, fields)


class Buyer(Negotiator):
    """The buyer."""

    actor = Actor.BUYER

    def apply(self, exchange: Target = None, **fields: Unpack[Application]) -> Exchange:
        """Apply for the exchange."""
        return self._play("apply", exchange, fields)

    def ship_back(self, exchange: Target = None, **fields: Unpack[Shipment]) -> Exchange:
        """Send the bought goods back."""
        return self._play("ship_back", exchange, fields)

    def modify(self, exchange: Target = None, **fields: Unpack[Application]) -> Exchange:
        """Modify the refused application."""
        return self._play("modify", exchange, fields)

    def cancel(self, exchange: Target = None) -> Exchange:
        """Withdraw the application."""
        return self._play("cancel", exchange, {})

    def ask_cs(self, exchange: Target = None) -> Exchange:
        """Ask customer service to intervene."""
        return self._play("ask_cs", exchange, {})

    def confirm_receipt(self, exchange: Target = None) -> Exchange:
        """Confirm receipt of the replacement."""
        return self._play("confirm_receipt", exchange, {})


class Seller(Negotiator):
    """The seller: the main account, or a sub-account."""

    actor = Actor.SELLER

    def agree(self, exchange: Target = None, **fields: Unpack[Agreement]) -> Exchange:
        """Agree, naming the return address."""
        return self._play("agree", exchange, fields)

    def refuse(self, exchange: Target = None, **fields: Unpack[Refusal]) -> Exchange:
        """Refuse the application."""
        return self._play("refuse", exchange, fields)

    def returngoods_agree(self, exchange: Target = None) -> Exchange:
        """Confirm receipt of the returned goods."""
        return self._play("returngoods_agree", exchange, {})

    def returngoods_refuse(self, exchange: Target = None, **fields: Unpack[Refusal]) -> Exchange:
        """Refuse the returned goods."""
        return self._play("returngoods_refuse", exchange, fields)

    def consigngoods(self, exchange: Target = None, **fields: Unpack[Consignment]) -> Exchange:
        """Ship the replacement."""
        return self._play("consigngoods", exchange, fields)

    def confirm_consign(self, exchange: Target = None, **fields: Unpack[Consignment]) -> Exchange:
        """Confirm receipt and ship the replacement, in one."""
        return self._play("confirm_consign", exchange, fields)

    def turn_to_refund(self, exchange: Target = None) -> Exchange:
        """Turn the exchange into return and refund."""
        return self._play("turn_to_refund", exchange, {})


class CustomerService(Negotiator):
    """Customer service (小二)."""

    actor = Actor.CS

    def step_in(self, exchange: Target = None) -> Exchange:
        """Take the case in hand."""
        return self._play("step_in", exchange, {})

    def judge(self, exchange: Target = None, **fields: Unpack[Verdict]) -> Exchange:
        """Decide for the buyer, for the seller, or for a refund."""
        return self._play("judge", exchange, fields)


class System(Player):
    """The system, which moves when a state has lasted too long."""

    actor = Actor.SYSTEM

    def expire(self, exchange: Target = None) -> Exchange:
        """Do at once what the deadline of the present state will do."""
        return self._play("expire", exchange, {})
