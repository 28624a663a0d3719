"""A store in SQLite or PostgreSQL, through SQLAlchemy Core.

SQLite: one file in WAL mode.  A transaction is immediate: it waits for other writers of the file,
and readers wait for nobody.  A commit is safe when the process is killed; when the machine loses
power, the last ones may be lost (`synchronous=NORMAL`).

PostgreSQL: a transaction locks the row of its sandbox, so sandboxes do not wait for each other.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    case,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from .port import Head, Record, StoreUnavailable
from .schema import META, RECORDS, SANDBOXES, migrate

__all__ = ["SqlStore"]

_LOCK_SECONDS = 10
_CONNECT_SECONDS = 5
_MIGRATION_LOCK = 7_253_018  # of PostgreSQL's advisory locks
_PLACES = 2**20  # of one revision: places of later revisions are larger
_BATCH = 5000  # records written by one statement
_T = TypeVar("_T")


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreUnavailable(
            "--store 不是可用的地址", "--store is no address of a store"
        ) from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
        raise StoreUnavailable(
            "sqlite 存储需要文件：sqlite:///mock.db；只在内存中请用 memory:",
            "a sqlite store needs a file: sqlite:///mock.db; for memory only use memory:",
        )
    return parsed


def _make_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        path = str(url.database)
        if not path.startswith("file:"):
            with suppress(OSError):  # it holds secrets, so only its owner may read a new one
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        engine = create_engine(url, connect_args={"timeout": _LOCK_SECONDS}, pool_size=64)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    return create_engine(
        url,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "options": f"-c lock_timeout={_LOCK_SECONDS}s",
        },
        pool_size=16,
        max_overflow=48,
        pool_timeout=_LOCK_SECONDS,
    )


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours, see _begin_immediate
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_upsert(dialect: str) -> Any:
    """Return the statement that writes records; a key that was deleted gets a new place."""
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = build(RECORDS)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["sandbox", "collection", "key"],
        set_={
            "value": new.value,
            "revision": new.revision,
            "place": case((RECORDS.c.value.is_(None), new.place), else_=RECORDS.c.place),
        },
    )


_HEAD = select(SANDBOXES.c.number, SANDBOXES.c.id, SANDBOXES.c.revision, SANDBOXES.c.epoch)


class SqlStore:
    """The store at a SQLAlchemy URL; opening it makes or migrates its tables."""

    def __init__(self, url: str) -> None:
        parsed = _parse_url(url)
        self.name = parsed.render_as_string(hide_password=True)
        try:
            self._engine = _make_engine(parsed)
        except (NoSuchModuleError, ArgumentError, TypeError) as error:
            raise StoreUnavailable(
                f"--store {self.name} 不可用：{error}", f"--store {self.name}: {error}"
            ) from None
        self.dialect = parsed.get_backend_name()
        self.upsert = _make_upsert(self.dialect)
        try:
            with self._transaction() as connection:
                if self.dialect == "postgresql":
                    connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                migrate(connection)
        except StoreUnavailable:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections that are not in use."""
        with suppress(SQLAlchemyError):
            self._engine.dispose()

    def explain(self, error: BaseException) -> StoreUnavailable:
        """Return the error of the engine as ours."""
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        return StoreUnavailable(
            f"存储 {self.name} 不可用：{reason}", f"the store {self.name} failed: {reason}"
        )

    def open(self, begin: Callable[[Connection], _T]) -> tuple[Connection, _T]:
        """Return a connection in a transaction, and what `begin` returns of it.

        A connection that the database closed meanwhile is opened anew, once.

        Raises:
            StoreUnavailable: the database cannot be reached or refuses.
        """
        for last in (False, True):
            connection = None
            try:
                connection = self._engine.connect()
                connection.begin()
                return connection, begin(connection)
            except (SQLAlchemyError, OSError) as error:
                if connection is not None:
                    _close(connection)
                gone = isinstance(error, DBAPIError) and error.connection_invalidated
                if last or not gone:
                    raise self.explain(error) from None
                self._engine.dispose()
            except BaseException:
                if connection is not None:
                    _close(connection)
                raise
        raise AssertionError

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        connection, _ = self.open(lambda connection: connection.execute(text("SELECT 1")))
        try:
            yield connection
            connection.commit()
        except (SQLAlchemyError, OSError) as error:
            raise self.explain(error) from None
        finally:
            _close(connection)

    def _read(self, statement: Any) -> list[Any]:
        """Return the rows of a query, outside a transaction where the engine allows it."""
        for last in (False, True):
            try:
                with self._engine.connect() as connection:
                    if self.dialect == "sqlite":  # a read needs no lock
                        raw = connection.connection.cursor()
                        try:
                            compiled = statement.compile(
                                self._engine, compile_kwargs={"literal_binds": True}
                            )
                            return list(raw.execute(str(compiled)).fetchall())
                        finally:
                            raw.close()
                    return list(connection.execute(statement))
            except (SQLAlchemyError, OSError) as error:
                gone = isinstance(error, DBAPIError) and error.connection_invalidated
                if last or not gone:
                    raise self.explain(error) from None
                self._engine.dispose()
            except self._engine.dialect.dbapi.Error as error:  # type: ignore[union-attr]  # an engine has its module
                raise self.explain(error) from None
        raise AssertionError

    def revision(self) -> int:
        """Return a number that changes when a sandbox is made or dropped."""
        return int(self._read(select(META.c.value).where(META.c.name == "directory"))[0][0])

    def heads(self) -> list[Head]:
        """Return the heads of all sandboxes in the order in which they were made."""
        return [Head(*row) for row in self._read(_HEAD.order_by(SANDBOXES.c.number))]

    def head(self, number: int) -> Head | None:
        """Return the head of a sandbox; None once it is dropped."""
        rows = self._read(_HEAD.where(SANDBOXES.c.number == number))
        return Head(*rows[0]) if rows else None

    def begin(self, number: int) -> "SqlTransaction | None":
        """Lock a sandbox and return the transaction; None if it is dropped."""
        statement = _HEAD.where(SANDBOXES.c.number == number)
        if self.dialect != "sqlite":
            statement = statement.with_for_update()
        connection, row = self.open(lambda connection: connection.execute(statement).first())
        if row is None:
            _close(connection)
            return None
        return SqlTransaction(self, connection, Head(*row))

    def make(self, sandbox: str, revision: int, records: Iterable[Record]) -> Head | None:
        """Make a sandbox with these records; return None if the store has another `revision`."""
        with self._transaction() as connection:
            moved = connection.execute(
                update(META)
                .where(META.c.name == "directory", META.c.value == revision)
                .values(value=revision + 1)
            )
            if not moved.rowcount:
                return None
            head = Head(revision + 1, sandbox, 0, 0)
            connection.execute(
                insert(SANDBOXES),
                [
                    {
                        "number": head.number,
                        "id": sandbox,
                        "revision": 0,
                        "epoch": 0,
                        "lease_owner": "",
                        "lease_until": 0.0,
                    }
                ],
            )
            write_records(connection, self.upsert, head, records)
            return head

    def drop(self, number: int) -> None:
        """Delete a sandbox with its records; idempotent."""
        with self._transaction() as connection:
            connection.execute(
                update(META).where(META.c.name == "directory").values(value=META.c.value + 1)
            )
            connection.execute(delete(SANDBOXES).where(SANDBOXES.c.number == number))
            connection.execute(delete(RECORDS).where(RECORDS.c.sandbox == number))

    def lease(self, number: int, owner: str, seconds: float) -> bool:
        """Give `owner` the sandbox's lease for so long; return False while another has it."""
        now = self._now()
        with self._transaction() as connection:
            taken = connection.execute(
                update(SANDBOXES)
                .where(
                    SANDBOXES.c.number == number,
                    (SANDBOXES.c.lease_owner == owner) | (SANDBOXES.c.lease_until <= now),
                )
                .values(lease_owner=owner, lease_until=now + seconds)
            )
            return bool(taken.rowcount)

    def release(self, number: int, owner: str) -> None:
        """Take the lease back if `owner` has it."""
        with self._transaction() as connection:
            connection.execute(
                update(SANDBOXES)
                .where(SANDBOXES.c.number == number, SANDBOXES.c.lease_owner == owner)
                .values(lease_owner="", lease_until=0.0)
            )

    def _now(self) -> Any:
        """Return the database's clock in seconds since 1970, as an expression."""
        if self.dialect == "sqlite":
            return (func.julianday("now") - 2440587.5) * 86400.0
        return func.extract("epoch", func.clock_timestamp())


class SqlTransaction:
    """One unit of work on one sandbox, whose row is locked."""

    def __init__(self, store: SqlStore, connection: Connection, head: Head) -> None:
        self.head = head
        self._store = store
        self._connection = connection
        self._epoch = head.epoch

    def read(self, after: int) -> Iterator[Record]:
        """Yield what was written after a revision, in the order in which the keys came first."""
        statement = (
            select(RECORDS.c.collection, RECORDS.c.key, RECORDS.c.value)
            .where(RECORDS.c.sandbox == self.head.number, RECORDS.c.revision > after)
            .order_by(RECORDS.c.place)
        )
        if after < 0:
            statement = statement.where(RECORDS.c.value.is_not(None))
        with self._errors():
            for collection, key, value in self._connection.execute(statement):
                yield Record(collection, bytes(key).decode("utf-8", "surrogatepass"), value)

    def put(self, records: Iterable[Record]) -> None:
        """Write records; one without value deletes its key."""
        with self._errors():
            head = Head(self.head.number, self.head.id, self.head.revision + 1, self._epoch)
            write_records(self._connection, self._store.upsert, head, records)

    def clear(self) -> None:
        """Delete all records: the whole state is replaced, and a new epoch begins."""
        self._epoch = self.head.epoch + 1
        with self._errors():
            self._connection.execute(delete(RECORDS).where(RECORDS.c.sandbox == self.head.number))

    def delete_before(self, collection: str, key: str) -> None:
        """Delete the records of a collection whose keys sort before `key`, without a trace."""
        with self._errors():
            self._connection.execute(
                delete(RECORDS).where(
                    RECORDS.c.sandbox == self.head.number,
                    RECORDS.c.collection == collection,
                    RECORDS.c.key < key.encode(),
                )
            )

    def commit(self) -> Head:
        """Make what was written last, and return the head after it."""
        head = Head(self.head.number, self.head.id, self.head.revision + 1, self._epoch)
        try:
            with self._errors():
                self._connection.execute(
                    update(SANDBOXES)
                    .where(SANDBOXES.c.number == head.number)
                    .values(revision=head.revision, epoch=head.epoch)
                )
                self._connection.commit()
        finally:
            _close(self._connection)
        return head

    def rollback(self) -> None:
        """End without a change."""
        _close(self._connection)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            raise self._store.explain(error) from None


def write_records(
    connection: Connection, upsert: Any, head: Head, records: Iterable[Record]
) -> None:
    """Write records with the revision of `head`, in their order."""
    rows = [
        {
            "sandbox": head.number,
            "collection": record.collection,
            "key": record.key.encode("utf-8", "surrogatepass"),
            "place": head.revision * _PLACES + place,
            "revision": head.revision,
            "value": record.value,
        }
        for place, record in enumerate(records)
    ]
    for first in range(0, len(rows), _BATCH):
        connection.execute(upsert, rows[first : first + _BATCH])


def _close(connection: Connection) -> None:
    """Give the connection back; what was not committed is rolled back."""
    try:
        connection.close()
    except SQLAlchemyError:
        with suppress(SQLAlchemyError):
            connection.invalidate()
