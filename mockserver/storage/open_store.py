"""How a URL names a store; the engines are imported when one is asked for."""

from .port import Store, StoreUnavailable

__all__ = ["MEMORY", "open_store"]

MEMORY = "memory:"


def open_store(url: str) -> Store | None:
    """Return the store that `url` names, with its schema brought up to date; None for `memory:`.

    Raises:
        StoreUnavailable: no such kind, a missing extra, or what the engine says.
    """
    if url in ("", MEMORY):
        return None
    if not url.startswith(("sqlite:", "postgresql:", "postgresql+")):
        raise StoreUnavailable(
            "--store 应为 memory:、sqlite:///文件 或 postgresql://用户:密码@主机/库",
            "--store: memory:, sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE",
        )
    try:
        from .sql import SqlStore
    except ImportError as missing:
        extra = "sql" if url.startswith("sqlite") else "postgres"
        raise StoreUnavailable(
            f"缺少 {missing.name}：pip install 'tmall-mockserver[{extra}]'",
            f"{missing.name} is missing: pip install 'tmall-mockserver[{extra}]'",
        ) from None
    return SqlStore(url)
