"""Settings and where each came from: command line, then variables, then mockserver.toml, then defaults.

`mockserver.toml` is a world document with one more table, `[server]`, for the settings.
"""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..domain.vocabulary import Ruleset
from ..world.document import BadDocument
from ..world.journal import CAPACITY

__all__ = ["PREFIX", "SETTINGS", "Found", "read_settings", "world_keys"]

PREFIX = "TMALL_MOCKSERVER_"
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class Setting(Struct, frozen=True):
    """One setting: its name on the command line (`allow-host`), default, and what it is."""

    name: str
    default: bool | int | str | tuple[str, ...]
    zh: str
    en: str
    among: tuple[str, ...] = ()
    secret: bool = False

    def read(self, value: object, source: str) -> Any:
        """`value` (a text, or TOML's value) as this setting's type.

        Raises:
            BadDocument: wrong type or not among the values; names the setting and its source.
        """
        kind = type(self.default)
        read: object = value
        if kind is bool and isinstance(value, str):
            read = True if value.lower() in _TRUE else False if value.lower() in _FALSE else value
        elif kind is int and isinstance(value, str):
            with suppress(ValueError):
                read = int(value)
        elif kind is tuple:
            read = (
                tuple(part for part in value.split(",") if part)
                if isinstance(value, str)
                else value
            )
            read = (
                tuple(read)
                if isinstance(read, list) and all(isinstance(part, str) for part in read)
                else read
            )
        elif kind is str and type(value) is int:
            read = str(value)
        if type(read) is not kind or (self.among and read not in self.among):
            wanted = " | ".join(self.among) or kind.__name__
            raise BadDocument(
                f"{self.name} ({source})", f"不能是 {value!r}，应为 {wanted}", f"expected {wanted}"
            )
        return read


SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "host",
            "127.0.0.1",
            "监听地址，默认只在本机",
            "address to listen on, loopback by default",
        ),
        Setting("port", 8420, "监听端口，0 为空闲端口", "port, 0 for a free one"),
        Setting("ready-file", "", "就绪后写入的 JSON 文件", "JSON file written when ready"),
        Setting("app-key", "", "default 独立环境的 app_key", "the default sandbox's app_key"),
        Setting(
            "app-secret", "", "default 独立环境的密钥", "the default sandbox's secret", secret=True
        ),
        Setting(
            "session",
            "",
            "default 独立环境主账号的 session",
            "the default sandbox's main session",
            secret=True,
        ),
        Setting("seed", 0, "数据种子", "seed of the made-up data"),
        Setting("samples", False, "每个状态各开一张换货单", "one exchange in every status"),
        Setting(
            "ruleset",
            "classic",
            "换货流程",
            "the flow",
            among=tuple(ruleset.value for ruleset in Ruleset),
        ),
        Setting(
            "auth",
            "strict",
            "lax 时不强制签名与会话",
            "lax: signs and sessions not enforced",
            among=("strict", "lax"),
        ),
        Setting(
            "token",
            "",
            "控制接口令牌，默认启动时生成",
            "control API token, made at start by default",
            secret=True,
        ),
        Setting("allow-host", (), "无令牌时也允许的 Host", "Host names allowed without a token"),
        Setting("public-url", "", "对外地址", "the address handed out"),
        Setting("tls-cert", "", "TLS 证书文件", "TLS certificate file"),
        Setting("tls-key", "", "TLS 私钥文件", "TLS key file"),
        Setting("journal", CAPACITY, "每个独立环境保留的请求数", "calls kept for each sandbox"),
    )
}


class Found(Struct, frozen=True):
    """All settings with where each came from, and the world document beside them."""

    values: Mapping[str, Any]
    sources: Mapping[str, str]
    world: Mapping[str, Any]

    def shown(self, name: str) -> str:
        """The value as `config show` prints it; secrets are masked."""
        value = self.values[name]
        if SETTINGS[name].secret and value:
            return "***"
        return ",".join(value) if isinstance(value, tuple) else str(value)


def read_settings(given: Mapping[str, object], config: str = "") -> Found:
    """Every setting; `given` holds those of the command line, None or () for absent.

    Raises:
        BadDocument: a file that cannot be read, an unknown setting, a wrong value.
    """
    path, table, world = _file(config)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, setting in SETTINGS.items():
        variable = PREFIX + name.upper().replace("-", "_")
        typed = given.get(name.replace("-", "_"))
        if typed not in (None, ()):
            found, source = typed, f"--{name}"
        elif os.environ.get(variable):
            found, source = os.environ[variable], variable
        elif name in table:
            found, source = table[name], path
        else:
            found, source = setting.default, "default"
        values[name], sources[name] = setting.read(found, source), source
    return Found(values, sources, world)


def _file(config: str) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    """The settings file: its path, its `[server]` table, its world document."""
    named = config or os.environ.get(PREFIX + "CONFIG", "")
    path = Path(named or "mockserver.toml")
    if not path.is_file():
        if named:
            raise BadDocument("config", f"找不到文件 {named}", f"no such file {named}")
        return "", {}, {}
    try:
        read = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as wrong:
        raise BadDocument(
            "config", f"{path} 不是合法的 TOML：{wrong}", f"{path} is not valid TOML: {wrong}"
        ) from None
    table = read.pop("server", {})
    if not isinstance(table, dict):
        raise BadDocument("server", "应为一张表：[server]", "expected a table: [server]")
    known = {name.replace("-", "_"): name for name in SETTINGS} | {name: name for name in SETTINGS}
    for name in table:
        if name not in known:
            raise BadDocument(
                f"server.{name}",
                f"没有这个设置；可用：{'、'.join(SETTINGS)}",
                f"no such setting; use: {', '.join(SETTINGS)}",
            )
    return str(path), {known[name]: value for name, value in table.items()}, read


def world_keys(found: Found) -> dict[str, Any]:
    """The default sandbox's world document: the file's, with the settings laid over."""
    world = {"clock": {"mode": "running"}, **found.world}
    for name in ("seed", "samples", "ruleset"):
        if found.sources[name] != "default" or name not in world:
            world[name] = found.values[name]
    app = {
        k.replace("-", "_"): found.values[k] for k in ("app-key", "app-secret") if found.values[k]
    }
    main = {"session": found.values["session"]} if found.values["session"] else {}
    for name, keys in (("apps", app), ("shops", main)):
        if keys:
            world[name] = _laid_over(world.get(name) or [{}], keys)
    return world


def _laid_over(rows: object, keys: Mapping[str, object]) -> object:
    """The first of `rows` has `keys`; what is no list of tables stays for the document's reader to refuse."""
    if isinstance(rows, list) and isinstance(rows[0], dict):
        return [{**rows[0], **keys}, *rows[1:]]
    return rows
