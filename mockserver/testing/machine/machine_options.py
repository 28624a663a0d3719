"""The options of a machine: against which client, playing whom, in what world, checking what.

The credentials of the sandbox follow from the client's name, so that a call recorded in one run is
valid in another. They are always made up, so that the files about a failure give away none, but
what a client brings itself.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from ...client.sandbox import Sandbox
from ...domain.conditions import RECEIPT_REFUSED
from ...domain.moves import Apply, ReturngoodsRefuse
from ...domain.table import Row
from ...domain.table_index import SHIPPED_TABLE, TableIndex
from ...domain.vocabulary import Actor, Ruleset, Status
from ...world.clock import FROZEN_AT
from ...world.document import BadDocument, read_world, unknown_name

__all__ = ["CHECKED", "PLAYS", "PLAYS_BY_DEFAULT", "Invariant", "MachineOptions", "to_identifier"]

PLAYS_BY_DEFAULT = (
    "buyer",
    "cs",
    "time",
    "stock",
    "replies",
    "lists",
    "texts",
    "world",
    "rounds",
    "messages",
)
PLAYS = (*PLAYS_BY_DEFAULT, "trouble", "seller")
CHECKED = (
    "offences",
    "pressed_on",
    "wrong_target",
    "repeats",
    "unread",
    "gave_up",
    "unhandled",
    "left_lying",
    "converged",
)
CHANNELS = ("queries", "messages")
Invariant = Callable[[Any, Sandbox], object]
_SECRET_KEYS = ("app_secret", "session")


class MachineOptions(Struct, frozen=True, kw_only=True):
    """The arguments of `exchange_machine`; see there.  `table` is what its sandboxes go by."""

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
    channels: tuple[str, ...]
    write_to: str | None
    table: TableIndex = SHIPPED_TABLE

    def __post_init__(self) -> None:
        """Check that every name is known and that the world brings no credentials.

        Raises:
            BadDocument: what is wrong, and what was probably meant.
        """
        choices: tuple[str, ...]
        for field, names, choices in (
            ("plays", self.plays, PLAYS),
            ("check", self.check, CHECKED),
            ("channels", self.channels, CHANNELS),
            ("ruleset", (self.ruleset,), tuple(Ruleset)),
        ):
            for name in names:
                if name not in choices:
                    raise unknown_name(field, name, choices)
        for status in self.handles:
            if status not in set(Status):
                raise unknown_name(
                    "handles", str(status), [str(known_status.value) for known_status in Status]
                )
        for key in ("seed", "ruleset"):
            if key in self.world:
                raise BadDocument(
                    f"world.{key}", f"请用参数 {key}", f"give it as the argument {key}"
                )
        if not self.channels:
            names_of_all = ", ".join(CHANNELS)
            raise BadDocument(
                "channels", f"至少给一个：{names_of_all}", f"one of {names_of_all} is needed"
            )
        if self.exchanges < 1:
            raise BadDocument("exchanges", "至少 1 张", "at least 1")
        for key in _SECRET_KEYS:
            if _has_key(self.world, key):
                raise BadDocument(
                    f"world.{key}",
                    "由状态机自己编造；客户端从 sandbox.env 读取",
                    "is the machine's own: clients read it from sandbox.env",
                )
        read_world(self.world)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that the parties of the machine can take, in the order of a run.

        What only a refused receipt makes possible comes right after the refusal.  A buyer applies
        in any case.
        """
        by = {*self.plays, *((Actor.SYSTEM,) if "time" in self.plays else ())}
        rows = [
            row
            for row in self.table.rows
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
    def is_timed(self) -> bool:
        """True if real time can decide what happens: bans, delays, a clock that runs."""
        return (
            self.ages
            or "trouble" in self.plays
            or any(key in self.world for key in ("clock", "faults", "quotas"))
        )

    @property
    def name(self) -> str:
        """The client's name as letters, digits and underscores."""
        return to_identifier(str(getattr(self.client, "__name__", type(self.client).__name__)))

    def document(self, now: str = "") -> dict[str, Any]:
        """Return the world document with every credential in it.

        The clock is frozen at `now`, if it is given.
        """
        clock: Any = now or ({"mode": "running"} if self.ages else FROZEN_AT)
        return {
            "clock": clock,
            **self.world,
            "seed": self.seed,
            "ruleset": self.ruleset,
            "apps": [
                {
                    "app_key": self._make_digits("app", place),
                    **app,
                    "app_secret": self._make_hex("secret", place),
                }
                for place, app in enumerate(self.world.get("apps") or ({},))
            ],
            "shops": [
                self._make_shop(place, shop)
                for place, shop in enumerate(self.world.get("shops") or ({},))
            ],
        }

    def _make_shop(self, place: int, shop: Mapping[str, Any]) -> dict[str, Any]:
        subs = [
            {**sub, "session": self._make_hex("sub", place, number)}
            for number, sub in enumerate(shop.get("subs", ({},)))
        ]
        return {**shop, "session": self._make_hex("session", place), "subs": subs}

    def _make_hex(self, *parts: object) -> str:
        return hashlib.sha256(
            "|".join(map(str, (self.name, self.seed, *parts))).encode()
        ).hexdigest()[:48]

    def _make_digits(self, *parts: object) -> str:
        return f"10{int(self._make_hex(*parts)[:12], 16) % 10**8:08}"


def to_identifier(name: str) -> str:
    """Return the name with all but letters and digits replaced by underscores.

    For files and functions.
    """
    return (
        "".join(character if character.isalnum() else "_" for character in name).strip("_")
        or "unnamed"
    )


def _has_key(value: Any, key: str) -> bool:
    """Return True if the key stands anywhere in a document."""
    if isinstance(value, Mapping):
        return key in value or any(_has_key(member, key) for member in value.values())
    return isinstance(value, list | tuple) and any(_has_key(item, key) for item in value)
