"""The page on which an account allows an app: a form without scripts, in Chinese or English."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape

__all__ = ["choose_language", "write_page", "write_policy"]

_STYLE = (
    "body{font:16px/1.6 sans-serif;max-width:34em;margin:3em auto;padding:0 1em}"
    "label{display:block;margin:.4em 0}button{font-size:1em;margin:1em 1em 0 0;padding:.3em 1.2em}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "title": "授权登录(模拟)",
        "ask": "应用 {app} 请求代表下面的账号调用接口。这是本机的模拟平台，不是淘宝。",
        "main": "主账号",
        "sub": "子账号",
        "allow": "授权",
        "deny": "拒绝",
    },
    "en": {
        "title": "Authorise (mock)",
        "ask": "App {app} asks to call methods for this account. This is a local mock, not Taobao.",
        "main": "main account",
        "sub": "sub-account",
        "allow": "Allow",
        "deny": "Refuse",
    },
}


def write_policy(origin: str) -> str:
    """Return the Content-Security-Policy of the page; its form leads here, then to `origin`."""
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self' {origin}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


def choose_language(lang: str, accepted: str) -> str:
    """Return `zh` or `en`: `lang` if it is one, else by the header value Accept-Language."""
    if lang in _TEXTS:
        return lang
    return "en" if accepted.lower().startswith("en") else "zh"


def write_page(
    lang: str,
    app_key: str,
    accounts: Iterable[tuple[str, str, bool]],
    fields: Mapping[str, str],
    *,
    action: str,
) -> str:
    """Return the page; `accounts` are value, nick, and whether it is a sub-account.

    `fields` are the parameters of the request, which the form sends again, to `action`.
    """
    texts = _TEXTS[lang]
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    choices = "".join(
        f'<label><input type="radio" name="account" value="{escape(value)}"'
        f"{' checked' if place == 0 else ''}> {escape(nick)} ({texts['sub' if is_sub else 'main']})"
        "</label>"
        for place, (value, nick, is_sub) in enumerate(accounts)
    )
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f"<title>{texts['title']}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{texts['title']}</h1><p>{escape(texts['ask'].format(app=app_key))}</p>"
        f'<form method="post" action="{action}">{hidden}{choices}'
        f'<button name="answer" value="allow">{texts["allow"]}</button>'
        f'<button name="answer" value="deny">{texts["deny"]}</button></form></body></html>'
    )
