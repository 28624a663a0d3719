"""Settings and where each came from: command line, variables, mockserver.toml, defaults.

`mockserver.toml` is a world document with one more table, `[server]`, for the settings.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..domain.vocabulary import Ruleset
from ..world.document import BadDocument
from ..world.journal import CAPACITY

__all__ = ["PREFIX", "SETTINGS", "Settings", "read_settings", "world_document"]

PREFIX = "TMALL_MOCKSERVER_"
_OTHER_VARIABLES = ("config", "lang", "url", "sandbox")  # that are no settings of a server
_KUBERNETES = re.compile(PREFIX + r"(SERVICE_(HOST|PORT).*|PORT_\d+_(TCP|UDP).*)")
_BOOLEANS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(
    ("0", "false", "no", "off"), False
)


_KIND_NAMES = {
    bool: ("true 或 false", "true or false"),
    int: ("整数", "a whole number"),
    str: ("文字", "a text"),
    tuple: ("文字的列表", "a list of texts"),
}


class Setting(Struct, frozen=True):
    """One setting: its name on the command line (`allow-host`), default, meaning, legal values.

    `least` and `most` bound a number.
    """

    name: str
    default: bool | int | str | tuple[str, ...]
    zh: str
    en: str
    choices: tuple[str, ...] = ()
    secret: bool = False
    least: int = -(2**63)
    most: int = 2**63 - 1

    def read(self, value: object, source: str) -> Any:
        """Return `value` (a text, or TOML's value) as this setting's type.

        Raises:
            BadDocument: wrong type, not one of the choices or beyond the bounds; names the setting
                and its source.
        """
        kind = type(self.default)
        converted = _convert(value, kind)
        if type(converted) is not kind or not self._allows(converted):
            expected_zh, expected_en = _KIND_NAMES[kind]
            if self.choices:
                expected_zh = expected_en = " | ".join(self.choices)
            elif type(converted) is int:
                expected_zh = f"{self.least} 到 {self.most}"
                expected_en = f"{self.least} to {self.most}"
            given_zh, given_en = (
                ("", "") if self.secret else (f"不能是 {value!r}，", f"{value!r}: ")
            )
            raise BadDocument(
                f"{self.name} ({source})",
                f"{given_zh}应为{expected_zh}",
                f"{given_en}expected {expected_en}",
            )
        return converted

    def _allows(self, value: object) -> bool:
        """Return True if a value of the right type is among the choices or within the bounds."""
        if isinstance(value, int):
            return self.least <= value <= self.most
        return not self.choices or value in self.choices


def _convert(value: object, kind: type) -> object:
    """Return `value` as `kind` where that is plain, else as it is."""
    if kind is bool and isinstance(value, str):
        return _BOOLEANS.get(value.lower(), value)
    if kind is int and isinstance(value, str):
        with suppress(ValueError):
            return int(value)
    if kind is tuple and isinstance(value, str):
        return tuple(part for part in value.split(",") if part)
    if kind is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if kind is str and type(value) is int:
        return str(value)
    return value


_RULESETS = tuple(ruleset.value for ruleset in Ruleset)
SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "host",
            "127.0.0.1",
            "监听地址，默认只在本机",
            "address to listen on, loopback by default",
        ),
        Setting(
            "port", 8420, "监听端口，0 为空闲端口", "port, 0 for a free one", least=0, most=65_535
        ),
        Setting(
            "tmc-port",
            -1,
            "消息通道(TMC)端口，0 为空闲端口，-1 不开",
            "port of the message channel (TMC), 0 for a free one, -1 for none",
            least=-1,
            most=65_535,
        ),
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
        Setting("ruleset", "classic", "换货流程", "the flow", choices=_RULESETS),
        Setting(
            "auth",
            "strict",
            "lax 时不强制签名与会话",
            "lax: signs and sessions not enforced",
            choices=("strict", "lax"),
        ),
        Setting(
            "token",
            "",
            "控制接口令牌，默认启动时生成",
            "control API token, made at start by default",
            secret=True,
        ),
        Setting("allow-host", (), "无令牌时也允许的 Host", "Host names allowed without a token"),
        Setting(
            "webhook-host",
            (),
            "webhook 可以发往的主机；本机总可以",
            "hosts that a webhook may post to; this machine always",
        ),
        Setting("public-url", "", "对外地址", "the address handed out"),
        Setting(
            "url-prefix",
            "",
            "代理后面的路径前缀，例如 /mock",
            "path below which a proxy serves it, e.g. /mock",
        ),
        Setting("tls-cert", "", "TLS 证书文件", "TLS certificate file"),
        Setting("tls-key", "", "TLS 私钥文件", "TLS key file"),
        Setting(
            "journal", CAPACITY, "每个独立环境保留的请求数", "calls kept for each sandbox", least=1
        ),
        Setting(
            "expire-after",
            "",
            "独立环境多久不用就删除，例如 7d；默认不删",
            "drop sandboxes that were not used for so long, e.g. 7d; never by default",
        ),
        Setting(
            "store",
            "memory:",
            "状态存放处：memory:、sqlite:///文件、postgresql://…",
            "where state lives: memory:, sqlite:///FILE, postgresql://…",
            secret=True,
        ),
        Setting(
            "log-format",
            "text",
            "stderr 上每行的格式",
            "form of the lines on stderr",
            choices=("text", "json"),
        ),
        Setting("quiet", False, "不打印被拒绝的调用", "refused calls are not printed"),
    )
}


class Settings(Struct, frozen=True):
    """The value and the source of every setting, and what the file says of sandboxes.

    `world` is the world document of the default sandbox, `sandboxes` are those of the others,
    `path` is the file, empty if there is none.  `unknown_variables` begin with our prefix but are
    none of ours: each with the name that was probably meant, or "".  `ignored` are variables that
    are named like settings and are the address of a Kubernetes Service.
    """

    values: Mapping[str, Any]
    sources: Mapping[str, str]
    world: Mapping[str, Any]
    sandboxes: tuple[Mapping[str, Any], ...] = ()
    path: str = ""
    unknown_variables: Mapping[str, str] = {}
    ignored: tuple[str, ...] = ()

    def format_value(self, name: str) -> str:
        """Return the value as `config show` prints it; secrets are masked."""
        value = self.values[name]
        if SETTINGS[name].secret and value:
            return "***"
        return ",".join(value) if isinstance(value, tuple) else str(value)


def read_settings(options: Mapping[str, object], config: str = "") -> Settings:
    """Return all settings.

    `options` are those of the command line, None or () where absent; `config` is the path of the
    file.

    Raises:
        BadDocument: a file that cannot be read, an unknown setting, a wrong value.
    """
    path, table, world = _read_file(config)
    sandboxes = _take_sandboxes(world)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, setting in SETTINGS.items():
        variable = PREFIX + name.upper().replace("-", "_")
        option = options.get(name.replace("-", "_"))
        value: object = setting.default
        source = "default"
        if option not in (None, ()):
            value = option
            source = f"--{name}"
        elif os.environ.get(variable) and not _is_service_address(os.environ[variable]):
            value = os.environ[variable]
            source = variable
        elif name in table:
            value = table[name]
            source = path
        values[name] = setting.read(value, source)
        sources[name] = source
    unknown = _find_unknown_variables()
    ignored = _list_service_variables()
    return Settings(values, sources, world, sandboxes, path, unknown, ignored)


def _take_sandboxes(world: dict[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Take the table array `[[sandboxes]]` out of the file's document and return it.

    Raises:
        BadDocument: it is none, or one of them has no name: nobody could find it again.
    """
    sandboxes = world.pop("sandboxes", [])
    if not isinstance(sandboxes, list) or not all(isinstance(item, dict) for item in sandboxes):
        raise BadDocument("sandboxes", "应为 [[sandboxes]]", "expected [[sandboxes]]")
    for index, document in enumerate(sandboxes):
        if not document.get("name"):
            raise BadDocument(f"sandboxes[{index}].name", "缺少名称", "a name is missing")
    return tuple(sandboxes)


def _find_unknown_variables() -> dict[str, str]:
    """Return variables with our prefix that nothing reads, those of Kubernetes services aside."""
    names = [PREFIX + name.upper().replace("-", "_") for name in (*SETTINGS, *_OTHER_VARIABLES)]
    unknown = {}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in names and not _KUBERNETES.fullmatch(name):
            unknown[name] = (get_close_matches(name, names, 1, 0.8) or [""])[0]
    return unknown


def _list_service_variables() -> tuple[str, ...]:
    """Return the variables that are named like settings but hold the address of a service."""
    variables = (PREFIX + name.upper().replace("-", "_") for name in SETTINGS)
    return tuple(name for name in variables if _is_service_address(os.environ.get(name, "")))


def _is_service_address(value: str) -> bool:
    """Return True for what Kubernetes sets where a Service is called like this program.

    A Service `tmall-mockserver` gives every pod TMALL_MOCKSERVER_PORT=tcp://10.0.0.1:80, and more
    names, which are no settings.  No setting has such a value.
    """
    return value.startswith(("tcp://", "udp://", "sctp://"))


def _read_file(config: str) -> tuple[str, Mapping[str, Any], dict[str, Any]]:
    """Return the path of the settings file, its `[server]` table, and its world document."""
    named = config or os.environ.get(PREFIX + "CONFIG", "")
    path = Path(named or "mockserver.toml")
    if not path.is_file():
        if named:
            raise BadDocument("config", f"找不到文件 {named}", f"no such file {named}")
        return "", {}, {}
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadDocument(
            "config", f"{path} 不是合法的 TOML：{error}", f"{path} is not valid TOML: {error}"
        ) from None
    table = document.pop("server", {})
    if not isinstance(table, dict):
        raise BadDocument("server", "应为一张表：[server]", "expected a table: [server]")
    names = {name.replace("-", "_"): name for name in SETTINGS} | {name: name for name in SETTINGS}
    for name in table:
        if name not in names:
            near = get_close_matches(name, names, 1)
            meant_zh = f"是否想写 {near[0]}？" if near else ""
            meant_en = f"did you mean {near[0]}? " if near else ""
            raise BadDocument(
                f"server.{name}",
                f"没有这个设置；{meant_zh}可用：{'、'.join(SETTINGS)}",
                f"no such setting; {meant_en}use: {', '.join(SETTINGS)}",
            )
    return str(path), {names[name]: value for name, value in table.items()}, document


def world_document(settings: Settings) -> dict[str, Any]:
    """Return the world document of the default sandbox: the file's, with the settings laid over."""
    values = settings.values
    world = {"clock": {"mode": "running"}, **settings.world}
    for name in ("seed", "samples", "ruleset"):
        if settings.sources[name] != "default" or name not in world:
            world[name] = values[name]
    app = {
        name.replace("-", "_"): values[name] for name in ("app-key", "app-secret") if values[name]
    }
    shop = {"session": values["session"]} if values["session"] else {}
    for name, keys in (("apps", app), ("shops", shop)):
        if keys:
            world[name] = _overlay_first(world.get(name) or [{}], keys)
    return world


def _overlay_first(tables: object, keys: Mapping[str, object]) -> object:
    """Lay `keys` over the first table; return what is no list of tables unchanged.

    The reader of the world document refuses it, with the field's name.
    """
    if isinstance(tables, list) and isinstance(tables[0], dict):
        return [{**tables[0], **keys}, *tables[1:]]
    return tables
