"""The tables of a SQL store, and the numbered migrations that bring an older one up to date.

A migration takes a store from version n - 1 to n.  A store of a later version than this program's
is refused: a program that does not know a column could lose what is in it.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
    update,
)

from .port import StoreUnavailable

__all__ = ["META", "RECORDS", "SANDBOXES", "VERSION", "migrate"]

_TABLES = MetaData()
META = Table(
    "mockserver_meta",
    _TABLES,
    Column("name", String(32), primary_key=True),  # `schema` or `directory`
    Column("value", BigInteger, nullable=False),
)
SANDBOXES = Table(
    "mockserver_sandboxes",
    _TABLES,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("revision", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("lease_owner", String(64), nullable=False),
    Column("lease_until", Float, nullable=False),  # seconds since 1970 by the database's clock
)
RECORDS = Table(
    "mockserver_records",
    _TABLES,
    Column("sandbox", BigInteger, primary_key=True, autoincrement=False),
    Column("collection", String(32), primary_key=True),
    Column("key", LargeBinary, primary_key=True),  # UTF-8; PostgreSQL's text takes no NUL
    Column("place", BigInteger, nullable=False),  # order in which the keys came
    Column("revision", BigInteger, nullable=False),
    Column("value", LargeBinary),
    Index("mockserver_records_by_revision", "sandbox", "revision"),
)


def _make_tables(connection: Connection) -> None:
    _TABLES.create_all(connection)
    connection.execute(insert(META), [{"name": "directory", "value": 0}])


_MIGRATIONS: Sequence[Callable[[Connection], None]] = (_make_tables,)
VERSION = len(_MIGRATIONS)


def migrate(connection: Connection) -> None:
    """Bring the schema up to date; with the store locked.

    Raises:
        StoreUnavailable: it is of a later version than this program knows.
    """
    version = 0
    if inspect(connection).has_table(META.name):
        row = connection.execute(select(META.c.value).where(META.c.name == "schema")).first()
        version = row[0] if row else 0
    if version > VERSION:
        raise StoreUnavailable(
            f"存储的结构版本是 {version}，本程序只支持到 {VERSION}：请升级 tmall-mockserver",
            f"the store has schema version {version}, this program knows up to {VERSION}:"
            " upgrade tmall-mockserver",
        )
    for step in _MIGRATIONS[version:]:
        step(connection)
    if version == 0:
        connection.execute(insert(META), [{"name": "schema", "value": VERSION}])
    elif version < VERSION:
        connection.execute(update(META).where(META.c.name == "schema").values(value=VERSION))
