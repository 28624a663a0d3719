"""The control API's door for HTTP: token, Host, body, status, headers, problems."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from ..service.access_tokens import AccessToken, Scope
from ..service.context import ServerContext
from ..service.hosts import is_allowed_host, named_host
from ..service.problem import Problem, exception_place, make_problem
from ..service.request import BodyBroken, base_url, read_body
from ..world.document import BadDocument
from ..world.secret_index import SecretIndex
from .access import check_token, hide_secrets, is_own_token
from .body import decode_body
from .in_process import InProcessControl
from .route import Route
from .routes import NoSuchRoute, resolve

__all__ = ["answer_errors", "control_blueprint"]

_PROBES = ("/_sandbox/health", "/_sandbox/ready")  # asked under names of compose and Kubernetes
_MAX_BODY_BYTES = 64 * 1024 * 1024
_VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def control_blueprint(context: ServerContext) -> Blueprint:
    """Return the door to all control routes: one rule for Flask, `resolve` finds the route."""
    blueprint = Blueprint("control", __name__)

    def answer(path: str) -> Response:
        try:
            return _answer(context, f"/_sandbox/{path}")
        except BodyBroken:
            return _problem_response(
                Problem(400, "请求体中断，没有收全", "the body broke off", field="body")
            )
        except Exception as error:
            problem = error if isinstance(error, Problem) else make_problem(error)
            if problem is None:
                raise
            return _problem_response(problem, context.directory.secrets)

    blueprint.add_url_rule(
        "/_sandbox/<path:path>", "control", answer, methods=_VERBS, provide_automatic_options=False
    )
    return blueprint


def _answer(context: ServerContext, path: str) -> Response:
    route, arguments = resolve(request.method, path)
    token = _check_access(context, route, arguments)
    control = InProcessControl(
        context, base_url(request.environ, context.public_url, context.url_prefix)
    )
    query = request.args.to_dict()
    status, reply = control.answer(route, arguments, query, _read_json(route))
    if reply is None:
        response = Response(status=status)
        del response.headers["Content-Type"]
        return response
    is_json = route.kind == "application/json"
    if is_json and token is not None and token.scope is Scope.READ:
        reply = hide_secrets(reply, context.directory.secrets)
    return _response(status, msgspec.json.encode(reply) if is_json else reply, route.kind)


def _response(status: int, content: bytes | str, kind: str) -> Response:
    response = Response(content, status, content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _problem_response(problem: Problem, secrets: SecretIndex | None = None) -> Response:
    """Return the problem as a response; what it quotes of the call is masked."""
    document = problem.document()
    if secrets is not None:
        document = secrets.mask_tree(document)
    content = msgspec.json.encode(document)
    response = _response(problem.status, content, "application/problem+json")
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(problem, NoSuchRoute) and problem.verbs:
        response.headers["Allow"] = ", ".join(problem.verbs)
    return response


def _check_access(
    context: ServerContext, route: Route, arguments: Mapping[str, str]
) -> AccessToken | None:
    """Let a valid token pass under any Host; without one only open routes under known Hosts.

    Return the named token, None for the server's own or none.  Probes pass under any Host: they
    say nothing of a sandbox.

    Raises:
        Problem: 401 without a token, 403 for one that does not reach so far, or for a Host that is
            not allowed.
    """
    header = request.headers.get("Authorization", "")
    if is_own_token(context, header):
        return None
    token = check_token(context, header, route, arguments)
    if token is not None:
        return token
    if not route.open:
        raise Problem(
            401,
            "缺少或错误的令牌：请求头 Authorization: Bearer <token>，token 在启动时打印",
            "missing or wrong token: send Authorization: Bearer <token>, printed at start",
        )
    host = named_host(request.environ)
    if route.path not in _PROBES and not is_allowed_host(host, context):
        raise Problem(
            403,
            f"Host {host[:100]} 不在允许之列：用 --allow-host 加入，或带上令牌",
            "this Host is not allowed: add it with --allow-host, or send the token",
            field="Host",
        )
    return None


def _read_json(route: Route) -> Any:
    """Return the decoded body, None if the route takes none or none was sent.

    Raises:
        Problem: 413, the body is too long.
        BadDocument: the body is not JSON, or it is `null`.
        BodyBroken: less came than was announced.
    """
    if route.body is None:
        return None
    raw = read_body(request.environ, _MAX_BODY_BYTES)
    if raw is None:
        raise Problem(413, "请求体太大", "the body is too large", field="body")
    if not raw.strip():
        return None
    value = decode_body(raw, verbatim=route.verbatim)
    if value is None:
        raise BadDocument(
            "body",
            "请求体不能是 null；没有内容就不要带请求体",
            "the body cannot be null; send none where there is nothing to say",
        )
    return value


def answer_errors(app: Flask, report: Callable[[str], None]) -> None:
    """Answer what goes wrong outside the gateway with a problem document, never with a page.

    `report` gets one line about each exception that is a fault of ours.
    """

    def refuse(error: HTTPException) -> Response:
        status = error.code or 500
        if status == 404:
            return _problem_response(NoSuchRoute())
        if status == 405:
            return _problem_response(NoSuchRoute(getattr(error, "valid_methods", None) or ("-",)))
        return _problem_response(Problem(status, "请求无法处理", error.name))

    def report_fault(error: Exception) -> Response:
        place = exception_place(error)
        report(f"内部错误 (our own fault) {place}")
        return _problem_response(Problem(500, "本工具内部错误，请报告", f"our own fault: {place}"))

    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(Exception, report_fault)
