"""The control API's door: token, Host, JSON in and out, problems instead of error pages."""

import hmac
import ipaddress
import re
from collections.abc import Callable
from typing import Any

import msgspec
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from ..gateway.app import BodyBroken, base_url, read_body
from ..gateway.pipeline import fault_place
from ..service.problem import Problem, problem_of
from ..world.document import BadDocument
from .calls import ROUTES as CALLS
from .coverage import ROUTES as COVERAGE
from .exchanges import ROUTES as FLOW
from .faults import ROUTES as FAULTS
from .journal import ROUTES as JOURNAL
from .openapi import describe
from .play import ROUTES as STORIES
from .robots import ROUTES as ROBOTS
from .route import ControlRequest, Route, ServerContext, shaped
from .sandboxes import ROUTES as SANDBOXES

__all__ = ["ROUTES", "answer_errors", "control_blueprint"]

_BODY_AT_MOST = 64 * 1024 * 1024


def _describe(ask: ControlRequest) -> tuple[int, Any]:
    return 200, describe(ROUTES, ask.base_url)


ROUTES: tuple[Route, ...] = (
    *SANDBOXES,
    *FLOW,
    *ROBOTS,
    *JOURNAL,
    *CALLS,
    *COVERAGE,
    *FAULTS,
    *STORIES,
    Route(
        "GET",
        "/_sandbox/openapi.json",
        _describe,
        "本接口的 OpenAPI 3.1 描述",
        "this API as OpenAPI 3.1",
    ),
)


def control_blueprint(desk: ServerContext) -> Blueprint:
    """All control routes, each behind the token but for health, ready and version."""
    blueprint = Blueprint("control", __name__)
    for number, route in enumerate(ROUTES):
        path = re.sub(r"{(\w+)}", r"<\1>", route.path)
        blueprint.add_url_rule(
            path,
            f"route{number}",
            _view(desk, route),
            methods=(route.verb,),
            provide_automatic_options=False,
        )
    return blueprint


def _view(desk: ServerContext, route: Route) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        try:
            _admit(desk, route)
            _known_query(route)
            ask = ControlRequest(
                desk,
                path,
                request.args.to_dict(),
                _body(route),
                base_url(request.environ, desk.public_url),
            )
            status, shown = route.run(ask)
        except BodyBroken:
            return _problem(
                Problem(400, "请求体中断，没有收全", "the body broke off", field="body")
            )
        except Exception as wrong:
            problem = wrong if isinstance(wrong, Problem) else problem_of(wrong)
            if problem is None:
                raise
            return _problem(problem)
        if shown is None:
            return Response(status=status)
        return _sent(
            status,
            shown if route.kind != "application/json" else msgspec.json.encode(shown),
            route.kind,
        )

    return view


def _sent(status: int, content: bytes | str, kind: str) -> Response:
    response = Response(content, status, content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _problem(problem: Problem) -> Response:
    response = _sent(
        problem.status, msgspec.json.encode(problem.document()), "application/problem+json"
    )
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _admit(desk: ServerContext, route: Route) -> None:
    """A valid token passes under any Host; without one only open routes do, under known Hosts."""
    given = request.headers.get("Authorization", "")
    if hmac.compare_digest(given.encode(), f"Bearer {desk.token}".encode()):
        return
    if not route.open:
        raise Problem(
            401,
            "缺少或错误的令牌：请求头 Authorization: Bearer <token>，token 在启动时打印",
            "missing or wrong token: send Authorization: Bearer <token>, printed at start",
        )
    host = re.sub(r":\d+$", "", request.environ.get("HTTP_HOST", "")).strip("[]").lower()
    if host not in ("", "localhost", *desk.hosts) and not _is_address(host):
        raise Problem(
            403,
            f"Host {host[:100]} 不在允许之列：用 --allow-host 加入，或带上令牌",
            "this Host is not allowed: add it with --allow-host, or send the token",
            field="Host",
        )


def _known_query(route: Route) -> None:
    for name in request.args:
        if name not in route.query:
            known = ", ".join(route.query) or "-"
            raise Problem(
                400,
                f"没有查询参数 {name[:100]}；可用：{known}",
                f"no query parameter {name[:100]}; use: {known}",
                field=name[:100],
            )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _body(route: Route) -> Any:
    """The JSON body as the route wants it; None where none was sent to a raw route.

    Raises:
        Problem, BadDocument: too long, not JSON, or not of the route's shape.
    """
    if route.body is None:
        return None
    raw = read_body(request.environ, _BODY_AT_MOST)
    if raw is None:
        raise Problem(413, "请求体太大", "the body is too large", field="body")
    value: Any = None
    if raw.strip():
        try:
            value = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadDocument("body", "不是合法的 JSON", "not valid JSON") from None
    return shaped(route, value)


def answer_errors(app: Flask, report: Callable[[str], None]) -> None:
    """Nobody sees an HTML page or a traceback: what goes wrong outside the gateway is a problem document."""

    def refused(wrong: HTTPException) -> Response:
        status = wrong.code or 500
        texts = {
            404: "没有这个地址；网关在 /router/rest，控制接口在 /_sandbox/openapi.json",
            405: "这个地址不支持该 HTTP 方法",
        }
        response = _problem(Problem(status, texts.get(status, "请求无法处理"), wrong.name))
        if wrong.code == 405 and wrong.get_response().headers.get("Allow"):
            response.headers["Allow"] = wrong.get_response().headers["Allow"]
        return response

    def broken(wrong: Exception) -> Response:
        place = fault_place(wrong)
        report(f"内部错误 (our own fault) {place}")
        return _problem(Problem(500, "本工具内部错误，请报告", f"our own fault: {place}"))

    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(Exception, broken)
