"""One HTML page of a report: it needs nothing from outside, runs nothing, and prints well.

What callers wrote is escaped by Jinja2; the page's own policy forbids scripts and requests.
"""

from typing import Any

from jinja2 import Environment, StrictUndefined

__all__ = ["render_page"]

_LAYOUT = """<!DOCTYPE html>
<html lang="{{ 'en' if lang == 'en' else 'zh-CN' }}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>{{ title }}</title>
<style>
:root{color-scheme:light dark;--good:#1a7f37;--warn:#9a6700;--bad:#cf222e}
@media (prefers-color-scheme:dark){:root{--good:#3fb950;--warn:#d29922;--bad:#f85149}}
body{font:15px/1.6 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;
 margin:2rem auto;max-width:60rem;padding:0 1rem;overflow-wrap:anywhere}
h1 strong{font-size:1.4em}
table{border-collapse:collapse;margin:1rem 0;width:100%}
td,th{border:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}
pre{background:#8882;padding:.6rem;white-space:pre-wrap;margin:.4rem 0}
section{border-top:1px solid #8886;margin-top:1.5rem}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
@media print{:root{color-scheme:light}body{margin:0;max-width:none;font-size:10.5pt}
 section,tr{break-inside:avoid}h2,h3{break-after:avoid}pre{background:none;border:1px solid #888}}
</style></head><body>
{{ body }}
</body></html>
"""


def render_page(template: str, lang: str, title: str, **values: Any) -> str:
    """Return a whole page; `template` is Jinja2 text of its body and reads `values` and `t`.

    `t(zh, en)` gives the text in the language of the page.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )

    def choose(zh: str, en: str) -> str:
        return en if lang == "en" else zh

    page = _LAYOUT.replace("{{ body }}", template)
    return environment.from_string(page).render(t=choose, lang=lang, title=title, **values)
