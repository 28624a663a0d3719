"""What a machine is to do: against which client, playing whom, in what world, checking what.

The world's credentials follow from the client's name, so that what was captured in one run holds in another; and
they are always made up, so that what is written about a failure gives away none but what a client brings itself.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from ...client.sandbox import Sandbox
from ...domain.conditions import RECEIPT_REFUSED
from ...domain.moves import Apply, ReturngoodsRefuse
from ...domain.table import TABLE, Row
from ...domain.vocabulary import Actor, Ruleset, Status
from ...world.clock import FROZEN_AT
from ...world.document import BadDocument, read_world, unknown_name

__all__ = ["CHECKED", "PLAYS", "Invariant", "MachineOptions", "to_identifier"]

PLAYS = ("buyer", "cs", "time", "stock", "replies", "seller")
CHECKED = ("offences", "repeats", "left_lying")
Invariant = Callable[[Any, Sandbox], object]
_SECRET = ("app_secret", "session")


class MachineOptions(Struct, frozen=True, kw_only=True):
    """The arguments of `exchange_machine`; see there."""

    client: Callable[[Sandbox], Any]
    plays: tuple[str, ...]
    ruleset: str
    seed: int
    exchanges: int
    invariants: tuple[Invariant, ...]
    check: tuple[str, ...]
    handles: tuple[int, ...]
    world: Mapping[str, Any]
    ages: bool
    write_to: str | None

    def __post_init__(self) -> None:
        """Every name is one that there is, and the world brings no credentials.

        Raises:
            BadDocument: another; says what was probably meant.
        """
        for field, given, known in (
            ("plays", self.plays, PLAYS),
            ("check", self.check, CHECKED),
            ("ruleset", (self.ruleset,), tuple(Ruleset)),
        ):
            for each in given:
                if each not in known:
                    raise unknown_name(field, each, known)
        for status in self.handles:
            if status not in set(Status):
                raise unknown_name("handles", str(status), [str(each.value) for each in Status])
        for each in ("seed", "ruleset"):
            if each in self.world:
                raise BadDocument(
                    f"world.{each}", f"请用参数 {each}", f"give it as the argument {each}"
                )
        if self.exchanges < 1:
            raise BadDocument("exchanges", "至少 1 张", "at least 1")
        for each in _SECRET:
            if _named(self.world, each):
                raise BadDocument(
                    f"world.{each}",
                    "由状态机自己编造；客户端从 sandbox.env 读取",
                    "is the machine's own: clients read it from sandbox.env",
                )
        read_world(self.world)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that the parties who play can take, what a refused receipt opens right after it; a buyer applies in any case."""
        by = {*self.plays, *((Actor.SYSTEM,) if "time" in self.plays else ())}
        rows = [
            row
            for row in TABLE
            if self.ruleset in row.rulesets and (row.by in by or row.move is Apply)
        ]
        late = [row for row in rows if RECEIPT_REFUSED in row.when]
        early = [row for row in rows if row not in late]
        refusal = next(
            (place for place, row in enumerate(early, 1) if row.move is ReturngoodsRefuse),
            len(early),
        )
        return (*early[:refusal], *late, *early[refusal:])

    @property
    def name(self) -> str:
        """The client's name, of letters, digits and underscores."""
        return to_identifier(str(getattr(self.client, "__name__", type(self.client).__name__)))

    def document(self, now: str = "") -> dict[str, Any]:
        """The world document with every credential in it; the clock frozen `now`, or as the plan has it."""
        clock: Any = now or ({"mode": "running"} if self.ages else FROZEN_AT)
        return {
            "clock": clock,
            **self.world,
            "seed": self.seed,
            "ruleset": self.ruleset,
            "apps": [
                {
                    "app_key": self._digits("app", place),
                    **app,
                    "app_secret": self._hex("secret", place),
                }
                for place, app in enumerate(self.world.get("apps") or ({},))
            ],
            "shops": [
                self._shop(place, shop)
                for place, shop in enumerate(self.world.get("shops") or ({},))
            ],
        }

    def _shop(self, place: int, shop: Mapping[str, Any]) -> dict[str, Any]:
        subs = [
            {**sub, "session": self._hex("sub", place, number)}
            for number, sub in enumerate(shop.get("subs", ({},)))
        ]
        return {**shop, "session": self._hex("session", place), "subs": subs}

    def _hex(self, *parts: object) -> str:
        return hashlib.sha256(
            "|".join(map(str, (self.name, self.seed, *parts))).encode()
        ).hexdigest()[:48]

    def _digits(self, *parts: object) -> str:
        return f"10{int(self._hex(*parts)[:12], 16) % 10**8:08}"


def to_identifier(name: str) -> str:
    """A name of letters, digits and underscores, for files and functions."""
    return "".join(sign if sign.isalnum() else "_" for sign in name).strip("_") or "unnamed"


def _named(value: Any, name: str) -> bool:
    """Whether a key of this name stands anywhere in a document."""
    if isinstance(value, Mapping):
        return name in value or any(_named(each, name) for each in value.values())
    return isinstance(value, list | tuple) and any(_named(each, name) for each in value)
