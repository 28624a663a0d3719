"""The console's door: who may enter, which page has the address, what every reply carries.

The model.  A page is a function from a `Visit` to an `Answer`.  It reads the sandbox through its
view and changes it by control calls in process, so a form of the console is checked, refused and
explained exactly as the same call over HTTP.  This module does what belongs to the browser:

- Host: a page answers under the names that the server was given, and under addresses; a foreign
  name could be another site that resolves to this machine.
- Sign-in: by a one-time code (`service/console_access.py`), or by the control API's token typed
  into a form.  Without it there is the sign-in page, and the assets, which are public.
- Forms: a POST carries the token of its session and comes from this origin.
- Content: the policy allows scripts and styles of this server only, none inside pages.
- Live pages: a page is asked for again with the revision it shows (`since`); 204 if it is current.

Nothing here is imported before somebody asks for the console: `server.py` does it then.
"""

import hmac
from collections.abc import Callable
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from flask import Response, request
from msgspec.structs import replace
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule

from ..scenario.target import ControlRefused
from ..service.console_access import ConsoleSession
from ..service.context import ServerContext
from ..service.control_function import ControlCall
from ..service.hosts import is_allowed_host, named_host
from ..service.request import base_url
from ..version import __version__
from ..world.revision import compute_revision
from .page import MAX_FORM_BYTES, Page
from .pages import PAGES
from .rendering import render
from .visit import Answer, Download, NoSuchPage, Redirect, View, Visit

__all__ = ["ConsoleDoor"]

_COOKIE = "tmall_mockserver_console"
_LANG_COOKIE = "tmall_mockserver_lang"
_YEAR_SECONDS = 365 * 24 * 3600
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


class ConsoleDoor:
    """Answers what Flask has routed to `/console`; `control` gives a caller for a base URL."""

    def __init__(self, context: ServerContext, control: Callable[[str], ControlCall]) -> None:
        self._context = context
        self._control = control
        self._map = Map(
            [Rule(f"/{page.path}", methods=[page.verb], endpoint=page) for page in PAGES],
            strict_slashes=False,
        )
        folder = files("mockserver.console") / "assets"
        self._assets = {
            entry.name: entry.read_bytes()
            for entry in folder.iterdir()
            if entry.name.endswith((".css", ".js"))
        }

    def answer(self, path: str) -> Response:
        """Return the response to the request that Flask holds; `path` is below `/console`."""
        response = self._answer(path)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def _answer(self, path: str) -> Response:
        lang = _choose_language()
        request.max_content_length = self._limit_form(path)
        if not is_allowed_host(named_host(request.environ), self._context):
            refusal = View(
                "refused",
                {
                    "zh": "这个 Host 不在允许之列：用 --allow-host 加入",
                    "en": "this Host is not allowed: add it with --allow-host",
                },
                403,
            )
            return self._show(refusal, lang)
        if path.startswith("assets/"):
            return self._send_asset(path.removeprefix("assets/"))
        response = self._enter(path, lang)
        if "lang" in request.args:
            response.set_cookie(
                _LANG_COOKIE,
                lang,
                max_age=_YEAR_SECONDS,
                path=f"{self._root()}/console",
                samesite="Strict",
            )
        return response

    def _enter(self, path: str, lang: str) -> Response:
        access = self._context.console
        if path == "enter" and request.method == "GET":
            session = access.use_code(request.args.get("code", ""))
            if session is None:
                return self._show(View("sign_in", {"wrong": "code"}, 403), lang)
            return self._welcome(session, lang)
        if path == "sign-in" and request.method == "POST":
            typed = request.form.get("token", "").strip()
            if not _has_own_origin(self._own_origin()) or not hmac.compare_digest(
                typed.encode(), self._context.token.encode()
            ):
                return self._show(View("sign_in", {"wrong": "token"}, 403), lang)
            return self._welcome(access.open_session(), lang)
        session = access.find_session(request.cookies.get(_COOKIE, ""))
        if session is None:
            return self._show(View("sign_in", {"wrong": ""}, 401), lang)
        if request.method == "POST":
            if not _has_own_origin(self._own_origin()) or not session.owns_form(
                request.form.get("form_token", "")
            ):
                refusal = View(
                    "refused",
                    {
                        "zh": "这个表单不是本页面发出的：请返回，刷新后再试",
                        "en": "this form does not come from our page: go back, reload, try again",
                    },
                    403,
                )
                return self._show(refusal, lang)
            if path == "sign-out":
                access.end_session(session.key)
                response = self._show(View("sign_in", {"wrong": ""}), lang)
                response.delete_cookie(_COOKIE, path=f"{self._root()}/console")
                return response
        return self._visit(path, session, lang)

    def _welcome(self, session: ConsoleSession, lang: str) -> Response:
        """Set the cookie on a page that leads on: a redirect from another site would lose it."""
        response = self._show(View("welcome"), lang)
        response.set_cookie(
            _COOKIE,
            session.key,
            httponly=True,
            secure=request.scheme == "https",
            samesite="Strict",
            path=f"{self._root()}/console",
        )
        return response

    def _visit(self, path: str, session: ConsoleSession, lang: str) -> Response:
        own = self._base_url()
        address = f"{self._root()}/console/{path}".rstrip("/")
        visit = Visit(
            self._context,
            self._control(own),
            session,
            lang,
            own,
            address,
            {},
            dict(request.args.lists()),
            dict(request.form.lists()) if request.method == "POST" else None,
            files=_read_files(),
        )
        try:
            page, arguments = self._find_page(path)
            visit = _with(visit, path=arguments)
            if "id" in arguments:
                visit = _with(visit, revision=compute_revision(visit.world))
                if visit.text("since") == str(visit.revision):
                    return Response(status=204)
            answer = _run(page, visit)
        except NoSuchPage as wrong:
            answer = View("refused", {"zh": wrong.zh, "en": wrong.en}, 404)
        except ControlRefused as refused:
            answer = View("refused", _sentences(refused), refused.status)
        return self._send(answer, visit)

    def _limit_form(self, path: str) -> int:
        """Return how many bytes a form of this address may have."""
        try:
            return self._find_page(path)[0].max_form_bytes
        except NoSuchPage:
            return MAX_FORM_BYTES  # of the forms of the door itself

    def _find_page(self, path: str) -> tuple[Page, dict[str, Any]]:
        adapter = self._map.bind("localhost", "/")
        try:
            page, arguments = adapter.match(f"/{path}", method=request.method)
        except (HTTPException, RequestRedirect):
            raise NoSuchPage("没有这个页面", "there is no such page") from None
        return page, dict(arguments)

    def _send(self, answer: Answer, visit: Visit) -> Response:
        if isinstance(answer, Redirect):
            response = Response(status=303)
            response.headers["Location"] = answer.to
            return response
        if isinstance(answer, Download):
            response = Response(answer.content, content_type=answer.kind)
            response.headers["Content-Disposition"] = f'attachment; filename="{answer.name}"'
            return response
        return self._show(answer, visit.lang, visit)

    def _show(self, view: View, lang: str, visit: Visit | None = None) -> Response:
        values = {
            "visit": visit,
            "lang": lang,
            "t": lambda zh, en: en if lang == "en" else zh,
            "version": __version__,
            "root": self._root(),
            "problem": None,
            "notices": visit.session.take_notices()
            if visit and not visit.query.get("since")
            else [],
            **view.values,
        }
        page = render(view.template, values)
        return Response(page, view.status, content_type="text/html; charset=utf-8")

    def _send_asset(self, name: str) -> Response:
        content = self._assets.get(name)
        if content is None:
            return Response("没有这个文件 (no such file)\n", 404, mimetype="text/plain")
        response = Response(content, content_type=_KINDS[name.rpartition(".")[2]])
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    def _base_url(self) -> str:
        return base_url(request.environ, self._context.public_url, self._context.url_prefix)

    def _root(self) -> str:
        """Return the path of a proxy below which the browser finds this server, mostly empty."""
        return urlsplit(self._base_url()).path

    def _own_origin(self) -> str:
        parts = urlsplit(self._context.public_url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _run(page: Page, visit: Visit) -> Answer:
    """Return the answer of a page; a refused form is its page again, with the reason."""
    try:
        return page.run(visit)
    except ControlRefused as refused:
        if page.again is None:
            raise
        view = page.again(_with(visit, revision=compute_revision(visit.world)))
        if not isinstance(view, View):
            raise
        return View(view.template, {**view.values, "problem": _sentences(refused)}, refused.status)


def _read_files() -> dict[str, list[bytes]]:
    """Return the files of the form that the browser sends; a field without a choice is empty."""
    contents: dict[str, list[bytes]] = {}
    for name, file in request.files.items(multi=True):
        with file.stream:
            content = file.read()
        if content:
            contents.setdefault(name, []).append(content)
    return contents


def _with(visit: Visit, **changes: Any) -> Visit:
    return replace(visit, **changes)


def _sentences(refused: ControlRefused) -> dict[str, Any]:
    """Return a problem document as a page shows it: a sentence in each language, and advice."""
    problem = refused.problem
    return {
        "zh": problem.get("title", ""),
        "en": problem.get("detail", ""),
        "field": problem.get("field", ""),
        "advice": problem.get("advice"),
    }


def _choose_language() -> str:
    """Return `zh` or `en`: the switch, else the cookie, else what the browser prefers."""
    for text in (request.args.get("lang"), request.cookies.get(_LANG_COOKIE)):
        if text in ("zh", "en"):
            return text
    return request.accept_languages.best_match(("zh", "en"), "zh") or "zh"


def _has_own_origin(public_origin: str) -> bool:
    """Return True if the browser says that the form stood on this server, or says nothing."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.environ.get('HTTP_HOST', '')}"
    return origin is None or origin in (own, public_origin)
