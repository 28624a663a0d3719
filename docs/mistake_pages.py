"""The pages about common mistakes of clients, two for each, from the table of mistakes."""

from mockserver.review.client_mistake import ClientMistake
from mockserver.review.client_mistakes import CLIENT_MISTAKES


def make_mistake_pages() -> dict[str, str]:
    """Return two pages for each common mistake of clients, and an index in each language."""
    pages = {}
    for mistake in CLIENT_MISTAKES.values():
        pages[f"{mistake.id}.md"] = _render_mistake(mistake, "en")
        pages[f"{mistake.id}.zh-CN.md"] = _render_mistake(mistake, "zh")
    rows_en = [f"- [{item.title_en}]({item.id}.md)" for item in CLIENT_MISTAKES.values()]
    rows_zh = [f"- [{item.title_zh}]({item.id}.zh-CN.md)" for item in CLIENT_MISTAKES.values()]
    pages["README.md"] = "\n".join(
        [
            "# Common mistakes of ISV clients\n\n[中文](README.zh-CN.md)\n",
            "`tmall-mockserver exam --client CMD` finds them and names the page.\n",
            *rows_en,
            "",
        ]
    )
    pages["README.zh-CN.md"] = "\n".join(
        [
            "# ISV 客户端的常见错误\n\n[English](README.md)\n",
            "`tmall-mockserver exam --client CMD` 会找出它们，并给出对应的页面。\n",
            *rows_zh,
            "",
        ]
    )
    return pages


def _render_mistake(mistake: ClientMistake, lang: str) -> str:
    english = lang == "en"
    other = f"[中文]({mistake.id}.zh-CN.md)" if english else f"[English]({mistake.id}.md)"
    labels = (
        ("In production", "What to change", "Not", "But", "What finds it")
        if english
        else ("线上代价", "怎么改", "不要", "应当", "怎样发现")
    )
    signs = [f"`logs --report`: `{name}`" for name in mistake.findings]
    signs += [f"`fuzz`, `exam`: `{name}`" for name in mistake.checks]
    signs += [f"`doctor`: code {code}" for code in mistake.codes]
    signs += [f"`run {name} --client CMD`" for name in mistake.scenarios]
    signs = signs or ["`exam`"]
    return "\n".join(
        [
            f"# {mistake.title_en if english else mistake.title_zh}\n\n{other}\n",
            f"{mistake.en if english else mistake.zh}\n",
            f"## {labels[0]}\n\n{mistake.cost_en if english else mistake.cost_zh}\n",
            f"## {labels[1]}\n\n{mistake.change_en if english else mistake.change_zh}\n",
            f"{labels[2]}:\n\n```text\n{mistake.wrong}\n```\n",
            f"{labels[3]}:\n\n```text\n{mistake.right}\n```\n",
            f"## {labels[4]}\n",
            *(f"- {sign}" for sign in signs),
            "",
        ]
    )
