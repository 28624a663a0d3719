"""All worlds of one server, and which of them a caller means.

A call finds its world by session, else by app_key.  One app_key may stand in many worlds with the
same secret; a session stands in one only.

Names.  An unnamed sandbox gets a number that no other one has, in this process or another; app keys
and sessions that its document leaves open are made from its id.  So a named sandbox has the same
ones again after a restart, and the `default` sandbox has the documented constants.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from threading import RLock

from ..domain.table_index import SHIPPED_TABLE, TableIndex
from ..storage.port import Head, Store
from .document import BadDocument
from .identity import App, Session
from .journal import CAPACITY, Journal
from .sandbox_uses import SandboxUses
from .secret_index import SecretIndex
from .stored_sandbox import SandboxGone, StoredSandbox, read_parts, write_parts
from .world import World

__all__ = ["Directory"]

_SANDBOXES_OF_A_PROCESS = 2**20  # numbers of processes with other instance numbers do not meet


def _send_to_nobody(sandbox: str) -> None:
    """Do nothing: no client is connected to the message channel."""


class Directory:
    """All worlds of one server by id, session and app_key.

    `real` is the computer's clock: the only way by which wall time comes in.  `instance` gives a
    number below 2^24, another one in each process, anew after a fork: with different
    ones no sandbox number, made-up app key, session or request id repeats between processes.  0
    gives plain numbers from 1.
    `secrets` finds the sessions and secrets of all worlds, and the control token, in any text.
    `published` is called with the id of a sandbox whose message channel may have something to send.
    `table` is the flow of the sandboxes that are made in it.
    """

    def __init__(
        self,
        real: Callable[[], datetime],
        instance: Callable[[], int] = lambda: 0,
        table: TableIndex = SHIPPED_TABLE,
        store: Store | None = None,
        journal: int = CAPACITY,
    ) -> None:
        self.store = store
        self._journal = journal
        self._store_revision = -1  # of the store when its list of sandboxes was read
        self.real = real
        self.table = table
        self.instance = instance
        self._worlds: dict[str, World] = {}
        self._by_session: dict[str, World] = {}
        self._by_app: dict[str, tuple[World, ...]] = {}
        self.secrets = SecretIndex()
        self._lock = RLock()
        self._made = 0
        self.uses = SandboxUses(real)
        self.dropped: Callable[[str], None] = _send_to_nobody  # gets the id of a sandbox that goes
        self.published: Callable[[str], None] = _send_to_nobody

    def number(self) -> int:
        """Return a number that no other sandbox was made with, in this process or another."""
        with self._lock:
            self._made += 1
            return self.instance() * _SANDBOXES_OF_A_PROCESS + self._made

    def add(self, world: World) -> None:
        """Make `world` known by its id, sessions and app keys, all or nothing.

        Raises:
            BadDocument: a session, or an app_key with another secret, is taken (a conflict).
        """
        apps, sessions = list(world.view.apps()), list(world.view.sessions())
        with self._lock:
            self.refresh()
            if world.id in self._worlds:
                raise BadDocument(
                    "name",
                    f"独立环境 {world.id} 已存在",
                    f"sandbox {world.id} exists",
                    conflict=True,
                )
            self._check(apps, sessions)
            if self.store is not None and not self._keep(self.store, world):
                self.add(world)  # another process has made one meanwhile: look anew
                return
            self._know(world)

    def _keep(self, store: Store, world: World) -> bool:
        """Make the sandbox in the store; return False if its list of sandboxes is not ours."""
        head = store.make(world.id, self._store_revision, write_parts(world.parts()))
        if head is None:
            return False
        self._store_revision = head.number
        world.stored = self._link(store, world, head)
        return True

    def _link(self, store: Store, world: World, head: Head) -> StoredSandbox:
        world.journal.look = lambda: self.get(world.id)
        return StoredSandbox(store, world, head, f"{self.instance()}-{id(self)}")

    def _know(self, world: World) -> None:
        self._worlds[world.id] = world
        self.uses.note(world.id)
        for session in world.view.sessions():
            self._by_session[session.token] = world
            self.secrets.add(session.token)
        for app in world.view.apps():
            self._by_app[app.app_key] = (*self._by_app.get(app.app_key, ()), world)
            self.secrets.add(app.app_secret)
        self.adopt(world.id, world.view.issued_secrets())

    def refresh(self) -> None:
        """Know the sandboxes that the store has, and no others; without a store nothing changes.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        store = self.store
        if store is None:
            return
        revision = store.revision()
        if revision == self._store_revision:
            return
        with self._lock:
            heads = {head.number: head for head in store.heads()}
            for world in tuple(self._worlds.values()):
                if world.stored is not None and heads.pop(world.stored.head.number, None) is None:
                    self._forget(world)
            for head in heads.values():
                self._load(store, head)
            self._store_revision = revision

    def _load(self, store: Store, head: Head) -> None:
        transaction = store.begin(head.number)
        if transaction is None:
            return
        try:
            parts = read_parts(list(transaction.read(-1)), self.table, Journal(self._journal))
            head = transaction.head
        finally:
            transaction.rollback()
        world = World.from_parts(self, head.id, parts)
        world.stored = self._link(store, world, head)
        self._know(world)

    def _check(self, apps: Iterable[App], sessions: Iterable[Session]) -> None:
        for session in sessions:
            if session.token in self._by_session:
                raise BadDocument(
                    "shops.session",
                    "session 已属于另一独立环境，请换一个",
                    "the session belongs to another sandbox",
                    conflict=True,
                )
        for app in apps:
            for world in self._by_app.get(app.app_key, ()):
                other = world.view.app(app.app_key)
                if other is not None and other.app_secret != app.app_secret:
                    raise BadDocument(
                        "apps.app_secret",
                        f"app_key {app.app_key} 已在另一独立环境用不同的密钥",
                        f"app_key {app.app_key} stands in another sandbox with another secret",
                        conflict=True,
                    )

    def adopt(self, sandbox: str, tokens: Iterable[str], gone: Iterable[str] = ()) -> None:
        """Let calls with codes and tokens that were issued find the sandbox; mask them in texts.

        Those that are `gone`, used or long expired, are forgotten.
        """
        with self._lock:
            world = self._worlds.get(sandbox)
            if world is None:
                return
            for token in gone:
                if self._by_session.pop(token, None) is not None:
                    self.secrets.remove(token)
            for token in tokens:
                if token not in self._by_session:
                    self._by_session[token] = world
                    self.secrets.add(token)

    def drop(self, world: World) -> None:
        """Delete `world` and wake whoever waits for its calls."""
        if self.store is not None and world.stored is not None:
            self.store.drop(world.stored.head.number)
        self._forget(world)

    def _forget(self, world: World) -> None:
        world.journal.close()
        with self._lock:
            if self._worlds.pop(world.id, None) is None:
                return
            self.uses.forget(world.id)
            self.dropped(world.id)
            for session in world.view.sessions():
                self.secrets.remove(session.token)
            for token in world.view.issued_secrets():
                if self._by_session.get(token) is world:
                    self.secrets.remove(token)
            for app in world.view.apps():
                self.secrets.remove(app.app_secret)
            self._by_session = {
                token: owner for token, owner in self._by_session.items() if owner is not world
            }
            remaining = {
                key: tuple(owner for owner in owners if owner is not world)
                for key, owners in self._by_app.items()
            }
            self._by_app = {key: owners for key, owners in remaining.items() if owners}

    def get(self, id: str) -> World | None:
        """Return the sandbox with this id as the store has it now, None if there is none."""
        self.drop_expired()
        world = self._worlds.get(id)
        if world is not None:
            self.uses.note(id)
        if self.store is None:
            return world
        if world is not None and self._is_current(world):
            return world
        self.refresh()
        world = self._worlds.get(id)
        return world if world is not None and self._is_current(world) else None

    def _is_current(self, world: World) -> bool:
        """Read what other processes wrote into the sandbox; return False if one deleted it."""
        try:
            world.refresh()
        except SandboxGone:
            self._forget(world)
            return False
        return True

    def all(self) -> tuple[World, ...]:
        """Return every sandbox in the order in which they were made, as the store has it now."""
        self.drop_expired()
        self.refresh()
        worlds = self.loaded()
        if self.store is None:
            return worlds
        return tuple(world for world in worlds if self._is_current(world))

    def loaded(self) -> tuple[World, ...]:
        """Return the sandboxes that this process knows, without a look at the store."""
        with self._lock:
            return tuple(self._worlds.values())

    def drop_expired(self) -> None:
        """Drop the sandboxes that nobody has used for `uses.expire_after`.

        One in which a call is at work, a control call or one of the gateway, stays.
        """
        if self.uses.expire_after is None:
            return
        for name in self.uses.list_expired():
            world = self._worlds.get(name)
            if world is not None and world.lock.acquire(blocking=False):
                try:
                    self.drop(world)
                finally:
                    world.lock.release()

    def find(self, session: str, app_key: str) -> tuple[World | None, App | None, Session | None]:
        """Return the sandbox that answers, the caller's app and session; None for what is unknown.

        A session of a sandbox that does not have the app is not the app's: the first sandbox that
        has the app answers, without a session.
        """
        self.drop_expired()
        if self.store is not None and (
            (session and session not in self._by_session) or app_key not in self._by_app
        ):
            self.refresh()
            self._look_for_issued(session, app_key)
        world = self._by_session.get(session)
        if world is not None:
            self.uses.note(world.id)
            app = world.view.app(app_key)
            if app is not None:
                return world, app, world.view.session(session)
        worlds = self._by_app.get(app_key)
        if not worlds:
            return None, None, None
        self.uses.note(worlds[0].id)
        return worlds[0], worlds[0].view.app(app_key), None

    def _look_for_issued(self, token: str, app_key: str) -> None:
        """Know the token if another process has issued it for the app."""
        for world in self._by_app.get(app_key, ()) if token else ():
            if token not in self._by_session and self._is_current(world):
                self.adopt(world.id, world.view.issued_secrets())

    def find_all(self, app_key: str) -> tuple[World, ...]:
        """Return the sandboxes of this process that have the app, the first one first."""
        return self._by_app.get(app_key, ())

    def knows_session(self, token: str) -> bool:
        """Return True if the token is a session of any sandbox."""
        world = self._by_session.get(token)
        return world is not None and world.view.session(token) is not None
