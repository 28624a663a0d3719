"""One request to a door of OAuth: what came, whom it names, and its entry in the journal.

A refusal is HTTP 400 with the platform's JSON; the header X-Sandbox-Cause says what was wrong, as
does the entry, which keeps neither code nor token nor secret.
"""

import json
from collections.abc import Callable, Mapping
from time import perf_counter_ns
from urllib.parse import parse_qsl, quote, urlsplit

from flask import Response, request
from msgspec import Struct

from ..domain.vocabulary import Role
from ..service.context import ServerContext
from ..service.hosts import is_allowed_host, named_host
from ..service.request import BodyBroken, base_url, read_body
from ..world.authorization import AuthorizationRefused
from ..world.identity import App
from ..world.journal import Entry
from ..world.masking import CallMask, encode_clipped, mask_params, mask_reply
from ..world.world import World
from .redirect import is_allowed_redirect
from .replies import json_response

__all__ = ["Visit", "answer_visit"]

_MAX_BODY_BYTES = 64 * 1024
_SANDBOXES_AT_MOST = 50  # that one page shows


class Visit(Struct):
    """The working record of one request; doors fill it in.

    `key` is the name of the parameter with the app key; `rows` are the sandboxes that have the app.
    `reply` is what the journal shows of the answer.
    """

    context: ServerContext
    method: str
    key: str
    texts: dict[str, str] = {}
    rows: list[tuple[World, App]] = []
    caller: str = ""
    reply: Mapping[str, object] = {}

    def find_sandboxes(self) -> None:
        """Note the sandboxes that have the app.

        Raises:
            AuthorizationRefused: none has.
        """
        app_key = self.texts.get(self.key, "")
        self.rows = [
            (world, app)
            for world in self.context.directory.all()
            if (app := world.view.app(app_key)) is not None
        ]
        if not self.rows:
            raise AuthorizationRefused(
                "invalid_client",
                f"{self.key} is invalidate",
                f"{self.key} 应为某个独立环境的 app_key",
                f"{self.key} is the app_key of a sandbox",
            )

    def list_accounts(self) -> list[tuple[str, str, bool]]:
        """Return value, nick and kind of each account; the value names the sandbox where there are
        several."""
        accounts = []
        for world, _ in self.rows[:_SANDBOXES_AT_MOST]:
            prefix = f"{world.id}/" if len(self.rows) > 1 else ""
            for session in world.view.sessions():
                is_sub = session.role is Role.SELLER_SUB
                accounts.append((prefix + session.label, prefix + session.nick, is_sub))
        return accounts

    def choose_account(self) -> tuple[World, App, str]:
        """Return sandbox, app and label of the account that the form names; main without a name.

        Raises:
            AuthorizationRefused: there is no such account.
        """
        sandbox, _, label = self.texts.get("account", "").rpartition("/")
        self.caller = label or "main"
        for world, app in self.rows:
            labels = [session.label for session in world.view.sessions()]
            if sandbox in ("", world.id) and self.caller in labels:
                self.rows = [(world, app)]
                return world, app, self.caller
        names = "、".join(value for value, _, _ in self.list_accounts()[:12])
        raise AuthorizationRefused(
            "invalid_request",
            "account is invalidate",
            f"没有这个账号；可用：{names}",
            f"no such account; use: {names}",
        )

    def choose_owner(self, token: str) -> tuple[World, App]:
        """Return the sandbox that issued the code or token, and its app; without one the first."""
        app_key = self.texts.get(self.key, "")
        world, app, _ = self.context.directory.find(token, app_key)
        if world is not None and app is not None:
            self.rows = [(world, app)]
        return self.rows[0]

    def check_redirect(self, name: str, address: str) -> None:
        """Raise unless a sandbox of the visit lets an authorisation lead to `address`.

        Raises:
            AuthorizationRefused: none does.
        """
        rules = [world.view.rules.text("redirect_hosts") for world, _ in self.rows]
        if not any(is_allowed_redirect(address, registered) for registered in rules):
            raise AuthorizationRefused(
                "invalid_request",
                f"{name} is invalidate",
                f"{name} 只能是本机地址，或规则 redirect_hosts 列出的主机",
                f"{name} is on this machine or on a host of the rule redirect_hosts",
            )

    def check_page(self) -> None:
        """Raise unless the page is asked for under a known Host, and its form comes from itself.

        Raises:
            AuthorizationRefused: another Host, or another site's form.
        """
        origin = request.headers.get("Origin", "")
        is_foreign = request.method == "POST" and (
            request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
            or (origin and urlsplit(origin).netloc != request.environ.get("HTTP_HOST"))
        )
        if is_foreign or not is_allowed_host(named_host(request.environ), self.context):
            raise AuthorizationRefused(
                "access_denied",
                "request is forbidden",
                "Host 不在允许之列，或表单来自别的网站",
                "this Host is not allowed, or the form comes from another site",
            )


def answer_visit(visit: Visit, answer: Callable[[Visit], Response]) -> Response:
    """Return what `answer` answers, or the refusal that it raises; the journal has an entry."""
    started = perf_counter_ns()
    cause = ("", "")
    try:
        visit.texts = _read_texts()
        response = answer(visit)
    except AuthorizationRefused as refused:
        cause = (refused.zh, refused.en)
        visit.reply = {"error": refused.error, "error_description": refused.description}
        response = json_response(400, _write_json(visit.reply))
        sentence = visit.context.directory.secrets.mask(f"{refused.zh} ({refused.en})")
        response.headers["X-Sandbox-Cause"] = quote(sentence, safe=" ():,./")
    request_id = _record(visit, cause, (perf_counter_ns() - started) // 1000)
    response.headers["X-Sandbox-Request-Id"] = request_id
    return response


def _write_json(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _read_texts() -> dict[str, str]:
    """Return the parameters of query and form; the first of a repeated one counts.

    Raises:
        AuthorizationRefused: the form cannot be read.
    """
    try:
        body = read_body(request.environ, _MAX_BODY_BYTES)
        if body is None:
            raise ValueError
        form = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50)
        pairs = [*parse_qsl(request.query_string.decode(), True, max_num_fields=50), *form]
    except (BodyBroken, ValueError):
        raise AuthorizationRefused(
            "invalid_request",
            "request is invalidate",
            "请求无法读取：应为 UTF-8 表单，不超过 64 KiB、50 个参数",
            "the request cannot be read: a form in UTF-8, at most 64 KiB and 50 parameters",
        ) from None
    return dict(reversed(pairs))


def _record(visit: Visit, cause: tuple[str, str], micros: int) -> str:
    """Write the visit into the journal of its sandbox, masked; return the entry's request id."""
    context, texts = visit.context, visit.texts
    number, request_id = context.number_call()
    secrets = context.directory.secrets
    mask = CallMask(texts, secrets)
    world = visit.rows[0][0] if visit.rows else None
    real = context.directory.real()
    _, params = mask_params(texts, mask, misread=False, signed=False)
    entry = Entry(
        number=number,
        request_id=request_id,
        sandbox=world.id if world else "none",
        at=(world.now if world else real).timestamp(),
        real=real.timestamp(),
        verb=request.method,
        method=visit.method,
        caller=visit.caller,
        dispute_id="",
        outcome="refused" if any(cause) else "ok",
        code=0,
        sub_code="",
        msg_code="",
        rule="",
        micros=micros,
        params=params,
        reply=encode_clipped(mask_reply(dict(visit.reply), foreign=True), mask.mask_json),
        base_url=mask.mask_header(base_url(request.environ, context.public_url)),
        content_type=mask.mask_header(request.content_type or ""),
        cause_zh=mask.mask_text(cause[0]),
        cause_en=mask.mask_text(cause[1]),
    )
    if world is None:
        context.unassigned_calls.add(entry)
        return request_id
    with world.unit_of_work():
        world.journal.add(entry)  # no call of a method, so coverage does not count it
    return request_id
