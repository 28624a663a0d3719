"""Who calls: apps, and sessions of main and sub-accounts."""

from datetime import datetime

from msgspec import Struct

from ..domain.vocabulary import Role

__all__ = ["App", "Session"]


class App(Struct, frozen=True):
    """An application; `methods` are those it may call, None for all."""

    app_key: str
    app_secret: str
    methods: frozenset[str] | None = None


class Session(Struct, frozen=True):
    """A seller's authorisation; `label` is how users name it: `main`, `sub` or the nick."""

    token: str
    label: str
    shop: str
    nick: str
    user_id: int
    role: Role = Role.SELLER_MAIN
    methods: frozenset[str] | None = None
    expires: datetime | None = None
