"""What the fixtures do: the session's server, sandboxes as a marker says, and their end."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from ..client.remote_server import RemoteServer
from ..client.sandbox import Sandbox, SandboxGone
from ..client.server import Server
from ..client.transport import Unreachable
from .coverage_plugin import CoveragePlugin
from .teardown_checks import UNKNOWN_NAME, allowed_names

__all__ = ["finish_sandbox", "make_marked_sandbox", "serve_session"]

_MARKER_KEYS = ("allow", "faults", "use")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@contextmanager
def serve_session(
    settings: Mapping[str, Any], url: str, token: str
) -> Iterator[Server | RemoteServer]:
    """Run a server of this process, or attach to the one at `url`, until the block ends.

    Raises:
        pytest.UsageError: pytest-socket does not let the server open its port.
    """
    with pytest.MonkeyPatch.context() as patch:
        _exempt_from_proxy(patch, [*_LOOPBACK, urlsplit(url).hostname or ""])
        if url:
            with RemoteServer(url, token) as remote:
                yield remote
            return
        server = Server(**settings)
        try:
            server.start()
        except RuntimeError as blocked:
            if type(blocked).__module__ != "pytest_socket":
                raise
            raise pytest.UsageError(
                "pytest 插件 tmall-mockserver：pytest-socket 禁用了套接字，服务无法启动；请给 "
                "--allow-hosts=127.0.0.1,::1，或用不需要套接字的 mockserver.Sandbox() "
                "(plugin tmall-mockserver: pytest-socket has disabled sockets, so the server "
                "cannot start; use --allow-hosts=127.0.0.1,::1, or mockserver.Sandbox(), which "
                "needs no socket)"
            ) from None
        try:
            yield server
        finally:
            server.stop()


def _exempt_from_proxy(patch: pytest.MonkeyPatch, hosts: list[str]) -> None:
    """Add `hosts` to NO_PROXY, if the environment names a proxy."""
    names = {name.lower() for name, value in os.environ.items() if value}
    if names.isdisjoint(_PROXIES):
        return
    for name in ("NO_PROXY", "no_proxy"):
        before = [host.strip() for host in os.environ.get(name, "").split(",") if host.strip()]
        added = [host for host in hosts if host and host not in before]
        patch.setenv(name, ",".join([*before, *added]))


def make_marked_sandbox(
    server: Server | RemoteServer, keywords: Mapping[str, Any], split: str
) -> Sandbox:
    """Return the sandbox that the keywords of a marker describe, its faults planned.

    `split` is the way in which xdist would let several workers use a named one, else empty.

    Raises:
        pytest.UsageError: an unknown name in `allow`, `use` beside a document, or `split`.
        ControlRefused: the document cannot be.
    """
    unknown = [name for name in keywords.get("allow", ()) if name not in allowed_names()]
    if unknown:
        raise pytest.UsageError(
            UNKNOWN_NAME.format(name=unknown[0], known=", ".join(allowed_names()))
        )
    document = {key: value for key, value in keywords.items() if key not in _MARKER_KEYS}
    named = keywords.get("use")
    if named and document:
        raise pytest.UsageError(
            f"use 与 {', '.join(document)} 不能同时给：已有的独立环境不再建造 (use attaches, "
            f"it makes nothing)"
        )
    if named and split:
        raise pytest.UsageError(
            f"xdist 的 --dist {split} 会让多个进程同时使用独立环境 {named}；请把这些测试放在一个"
            f"文件里并用 --dist loadfile，或用 --dist loadgroup (pytest 9.2 及以后需更新的 xdist)，"
            f"或不用 -n (--dist {split} would let several workers use the sandbox {named} at once: "
            f"keep these tests in one file with --dist loadfile, or use --dist loadgroup, which "
            f"xdist 3.8 does not carry out under pytest 9.2, or leave out -n)"
        )
    sandbox = server.sandbox(direct=True, **({"attach": named} if named else document))
    if named:
        sandbox.reset()
        sandbox.forget_coverage()
    for fault in keywords.get("faults", ()):
        _plan_fault(sandbox, {"fault": fault} if isinstance(fault, str) else dict(fault))
    return sandbox


def _plan_fault(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    """Plan a fault of the marker, or a set of faults."""
    if "set" in fault:
        sandbox.faults.add_set(fault.pop("set"), **fault)
    else:
        sandbox.faults.add(fault.pop("fault", ""), **fault)


def finish_sandbox(sandbox: Sandbox, coverage: CoveragePlugin | None, *, keep: bool) -> None:
    """Count what was covered and delete the sandbox, unless it is to stay (`keep`).

    Fails the test if the server does not answer any more.
    """
    try:
        if coverage is not None:
            coverage.add(sandbox.coverage())
        if not keep:
            sandbox.drop()
    except SandboxGone:
        return  # the test has deleted it
    except Unreachable as gone:
        pytest.fail(
            f"服务在测试期间停止了：{gone} (the server died during the session)", pytrace=False
        )
