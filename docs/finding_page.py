"""The guide about findings, in both languages, from the table of advice and the lint rules."""

from mockserver.review.finding_advice import FINDING_ADVICE, FindingAdvice

_HEAD_EN = """\
# What your client does wrong

[中文](client-findings.zh-CN.md)

`tmall-mockserver logs --report`, `exec --report` and the pytest plugin look at the calls of your client and name what will fail or cost something in production.
Each section is one finding, by the name that the report prints: what it is, what it costs, a wrong and a right form. `tmall-mockserver explain NAME` says how it is known.
The forms are short notes, not a language. Read them with the call's name: `agree(id)` is `tmall.exchange.agree` with `dispute_id`.

`exec --report findings.html` and `pytest --client-report findings.html` write a page with the findings of the run, and of each what stands here.
`TMALL_MOCKSERVER_LANG=en` chooses English for it.
"""  # noqa: E501 - a paragraph of the guide is a line
_HEAD_ZH = """\
# 客户端的常见问题

[English](client-findings.md)

`tmall-mockserver logs --report`、`exec --report` 和 pytest 插件会检查客户端的调用，指出哪些做法在生产环境会失败或造成损失。
下面每一节是一个问题，标题就是报告里的名称：是什么、代价是什么、错误与正确的写法。`tmall-mockserver explain 名称` 说明依据。
写法是简记，不是某种语言：`agree(id)` 表示带 `dispute_id` 调用 `tmall.exchange.agree`。

`exec --report findings.html` 和 `pytest --client-report findings.html` 把本次运行的问题写成网页，每个问题附上这里的内容。
`TMALL_MOCKSERVER_LANG=en` 时网页为英文。
"""  # noqa: E501 - a paragraph of the guide is a line


def make_finding_pages() -> dict[str, str]:
    """Return the guide in both languages by file name."""
    return {
        "client-findings.md": "\n".join(
            [_HEAD_EN, *(_render_advice(advice, "en") for advice in FINDING_ADVICE.values())]
        ),
        "client-findings.zh-CN.md": "\n".join(
            [_HEAD_ZH, *(_render_advice(advice, "zh") for advice in FINDING_ADVICE.values())]
        ),
    }


def _render_advice(advice: FindingAdvice, lang: str) -> str:
    if lang == "en":
        sentence = f"{advice.en} In production: {advice.cost_en}"
        labels = ("Wrong:", "Right:")
    else:
        sentence = f"{advice.zh}生产环境的代价：{advice.cost_zh}"
        labels = ("错误：", "正确：")
    return (
        f"## {advice.id}\n\n{sentence}\n\n{labels[0]}\n\n```text\n{advice.wrong}\n```\n\n"
        f"{labels[1]}\n\n```text\n{advice.right}\n```\n"
    )
