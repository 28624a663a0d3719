"""Writes docs/reference from the code: `python docs/make_reference.py`, or `make reference`.

The pages repeat nothing by hand.  Python API: docstrings and signatures, read from the source so
that annotations stand as they were written.  Command line: the click commands.  Settings:
`cli/settings.py`. Rules, methods, codes and diagrams: what `tmall-mockserver reference` prints.
tests/docs/test_reference.py compares the pages with what this script makes.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from mockserver.api.methods import METHODS
from mockserver.api.records import EXCHANGE
from mockserver.cli.localized import both_languages
from mockserver.cli.main import cli
from mockserver.cli.settings import PREFIX, SETTINGS
from mockserver.domain.evidence import SOURCES, Evidence, Grade, locate_citation
from mockserver.domain.mermaid import render_diagram
from mockserver.domain.rules import DEFAULTS, RULES
from mockserver.domain.table import TABLE
from mockserver.domain.vocabulary import Ruleset
from mockserver.protocol.errors import CODES
from mockserver.reference.articles import render_reference
from mockserver.review.client_mistake import ClientMistake
from mockserver.review.client_mistakes import CLIENT_MISTAKES
from mockserver.review.lint_rules import LINT_RULES
from mockserver.world.faults.fault_kinds import FAULTS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mockserver"
PLUGIN = PACKAGE.parent / "pytest_tmall_mockserver"
FOLDER = ROOT / "docs" / "reference"
MISTAKES_FOLDER = ROOT / "docs" / "mistakes"
ENTRANCES = ("Server", "Sandbox", "TopClient")  # what `mockserver` exports
MAX_SIGNATURE_WIDTH = 90
CONTAINER_METHODS = ("__getitem__", "__setitem__", "__enter__")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def make_pages() -> dict[str, str]:
    """Return every page of the reference by file name."""
    return {
        "README.md": _render_index(),
        "python-api.md": _render_python_api(),
        "command-line.md": _render_command_line(),
        "settings.md": _render_settings(),
        "knowledge.md": _link_sources(render_reference("en")),
        "knowledge.zh-CN.md": _link_sources(render_reference("zh")),
        "state-diagrams.md": _render_state_diagrams(),
        "fidelity.md": _render_fidelity(),
    }


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


def _render_index() -> str:
    return """# 参考 (Reference)

由 `make reference` 从代码生成，请勿手改。
Generated from the code by `make reference`; not edited by hand.

| 页 (page) | 内容 (content) |
|---|---|
| [python-api.md](python-api.md) | Python 接口、pytest 夹具 (Python API, pytest fixtures) |
| [command-line.md](command-line.md) | 命令行 (command line) |
| [settings.md](settings.md) | 设置：选项、环境变量、mockserver.toml (settings) |
| [knowledge.zh-CN.md](knowledge.zh-CN.md), [knowledge.md](knowledge.md) | \
错误码、状态、操作、方法、规则、故障及其依据 \
(codes, statuses, moves, methods, rules, faults, with their evidence) |
| [state-diagrams.md](state-diagrams.md) | 状态图 (state diagrams) |
| [fidelity.md](fidelity.md) | 每一项有多可信：依据、出处 (how far each thing can be trusted) |
| [../spec](../spec) | 原始资料 (the sources) |
"""


def _list_evidence() -> Iterator[tuple[str, str, str, Evidence]]:
    """Yield kind, name, default and evidence of everything that names its evidence."""
    for row in TABLE:
        yield "行 row", row.name, "", row.evidence
    defaults = DEFAULTS.to_dict()
    for rule in RULES.values():
        yield "规则 rule", rule.name, str(defaults[rule.name]), rule.evidence
    for method in METHODS.values():
        yield "方法 method", method.name, "", method.evidence
    for column in EXCHANGE:
        yield "字段 field", column.field.name, "", column.evidence
    for fault in FAULTS.values():
        yield "故障 fault", fault.name, "", fault.evidence
    for lint_rule in LINT_RULES.values():
        yield "客户端行为 conduct", lint_rule.id, "", lint_rule.evidence


def _render_fidelity() -> str:
    """Return the ledger: counts by kind and grade, then each thing with grade and sources."""
    rows = list(_list_evidence())
    counts = Counter((kind, evidence.grade) for kind, _, _, evidence in rows)
    kinds = list(dict.fromkeys(kind for kind, *_ in rows))
    grades = " | ".join(f"{grade.label} ({grade})" for grade in Grade)
    lines = [
        "# 可信程度 (Fidelity ledger)\n",
        (
            "官方文档、SDK 或真实应答写明的是「文档载明」；从集成商代码或同类接口推出的是「推断」；"
            "谁也不知道、由本产品决定的是「假设」。"
        ),
        (
            "Documented: a page, an SDK or a real reply says so. Inferred: from integrators' code "
            "or sibling methods. Assumed: nobody knows, this product decided.\n"
        ),
        f"| 种类 (kind) | {grades} |",
        "|---|---|---|---|",
    ]
    for kind in kinds:
        numbers = " | ".join(str(counts[kind, grade]) for grade in Grade)
        lines.append(f"| {kind} | {numbers} |")
    totals = Counter(evidence.grade for *_, evidence in rows)
    numbers = " | ".join(str(totals[grade]) for grade in Grade)
    lines.append(f"| 合计 (total) | {numbers} |")
    seen = sum(code.observed for code in CODES.values())
    lines.append(f"\n{len(CODES)} 个错误码中，{seen} 个的文字在真实应答中见过。")
    lines.append(f"The texts of {seen} of {len(CODES)} codes were seen in real replies.\n")
    lines.append("| 种类 (kind) | 名称 (name) | 默认 (default) | 依据 (grade) | 出处 (sources) |")
    lines.append("|---|---|---|---|---|")
    for kind, name, default, evidence in rows:
        places = ", ".join(
            _link_sources(locate_citation(citation)) for citation in evidence.citations
        )
        shown = default.replace("|", "\\|")
        grade = f"{evidence.grade.label} {evidence.grade}"
        lines.append(f"| {kind} | `{name}` | {shown} | {grade} | {places} |")
    lines.append("\n## 来源与日期 (sources and dates)\n")
    lines += [f"- `{key}`: {source.title}" for key, source in SOURCES.items()]
    return "\n".join(lines) + "\n"


def _link_sources(text: str) -> str:
    """Return the text with every place under docs/spec as a link."""
    return re.sub(r"docs/spec/([\w./-]+)(#[\w.-]*\w)?", _format_link, text)


def _format_link(match: re.Match[str]) -> str:
    anchor = match[2] or ""
    return f"[{match[1]}{anchor}](../spec/{match[1]}{anchor})"


def _render_state_diagrams() -> str:
    parts = ["# 状态图 (State diagrams)\n"]
    for ruleset in Ruleset:
        for title, lang in ((f"{ruleset} {ruleset.zh}", "zh"), (f"{ruleset} in English", "en")):
            text = render_diagram(ruleset, lang).strip()
            parts.append(f"## {title}\n\n```mermaid\n{text}\n```\n")
    return "\n".join(parts)


def _render_settings() -> str:
    rows = []
    for setting in SETTINGS.values():
        variable = PREFIX + setting.name.upper().replace("-", "_")
        key = setting.name.replace("-", "_")
        values = " \\| ".join(f"`{value}`" for value in setting.choices)
        meaning = f"{setting.zh} ({setting.en})"
        rows.append(
            f"| `--{setting.name}` | `{variable}` | `{key}` | {_format_default(setting.default)} "
            f"| {values} | {meaning} |"
        )
    return "\n".join(
        [
            "# 设置参考 (Settings reference)",
            "",
            "先后：命令行，环境变量，`mockserver.toml` 的 `[server]` 表，默认值。",
            "The first that sets a value counts: command line, environment variable,",
            "table `[server]` of `mockserver.toml`, default.",
            f"`{PREFIX}CONFIG` or `--config` names another file.",
            "",
            (
                "| 选项 (option) | 变量 (variable) | `[server]` | 默认 (default) "
                "| 取值 (values) | 含义 (meaning) |"
            ),
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _format_default(default: object) -> str:
    """Return a default as code, as TOML spells it; empty if there is none."""
    if default is None or default in ("", ()):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _render_command_line() -> str:
    context = click.Context(cli, info_name="tmall-mockserver")
    parts = ["# 命令行参考 (Command-line reference)\n", *_render_command(cli, context)]
    return "\n".join(parts)


def _render_command(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the section of a command, then those of its subcommands."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"## {context.command_path}\n"
    yield f"{both_languages(command.help or '')}\n"
    yield f"```text\n{usage}\n```\n"
    options = [param for param in command.params if isinstance(param, click.Option)]
    if options:
        yield "| 选项 (option) | 取值 (value) | 默认 (default) | 含义 (meaning) |"
        yield "|---|---|---|---|"
        yield "\n".join(_format_option(option) for option in options if not option.hidden) + "\n"
    if command.epilog:
        yield f"{both_languages(command.epilog)}\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            subcommand = command.get_command(context, name)
            if subcommand and not subcommand.hidden:
                child = click.Context(subcommand, info_name=name, parent=context)
                yield from _render_command(subcommand, child)


def _format_option(option: click.Option) -> str:
    names = " / ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if isinstance(option.type, click.Choice):
        value = " \\| ".join(f"`{choice}`" for choice in option.type.choices)
    else:
        value = "" if option.is_flag else (option.metavar or option.type.name).upper()
    default = option.default if isinstance(option.default, int | str) else None
    shown = "" if option.is_flag else _format_default(default)
    meaning = both_languages(option.help or "").replace("|", "\\|")
    return f"| {names} | {value} | {shown} | {meaning} |"


def _render_python_api() -> str:
    classes = _find_classes()
    exported = _exported_names(PACKAGE / "testing/strategies/__init__.py")
    parts = [
        "# Python 接口参考 (Python API reference)\n",
        "## mockserver\n",
        "```python\nfrom mockserver import Server, Sandbox, TopClient\n```\n",
    ]
    for name in _reach_classes(classes):
        parts += _render_class(classes[name])
    parts += [
        "## mockserver.testing\n",
        "```python\nfrom mockserver.testing import exchange_machine, strategies\n```\n",
        *_render_functions(["exchange_machine"], prefix=""),
        "## mockserver.testing.strategies\n",
        *_render_functions(exported, prefix="strategies."),
        "## pytest 夹具 (pytest fixtures)\n",
        *_render_fixtures(),
        "## pytest 选项 (pytest options)\n",
        *_render_pytest_options(),
    ]
    return "\n".join(parts)


def _find_classes() -> Mapping[str, ast.ClassDef]:
    """Return the public classes of `client/`, and the documents it returns, by name."""
    return {
        node.name: node
        for path in (
            *sorted((PACKAGE / "client").glob("*.py")),
            PACKAGE / "service/reply_documents.py",
        )
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


def _reach_classes(classes: Mapping[str, ast.ClassDef]) -> list[str]:
    """Return the classes that a user meets.

    The entrances, then what their members give, in order.
    """
    reached = list(ENTRANCES)
    for name in reached:  # grows while it is read
        for member in _public_members(classes[name]):
            for word in re.findall(r"\w+", _format_annotations(member)):
                if word in classes and word not in reached:
                    reached.append(word)
    return reached


def _public_members(node: ast.ClassDef) -> Iterator[Function | ast.AnnAssign]:
    """Yield a class's public attributes, then its public methods and properties, in order."""
    yield from _attributes_set_by_init(node)
    for member in node.body:
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            if not member.target.id.startswith("_"):
                yield member
        elif isinstance(member, Function) and _is_public(member):
            yield member


def _is_public(function: Function) -> bool:
    named = not function.name.startswith("_") or function.name in CONTAINER_METHODS
    return named and not _is_setter(function)


def _attributes_set_by_init(node: ast.ClassDef) -> Iterator[ast.AnnAssign]:
    """Yield `self.name: Type = …` and `self.name = Class(…)` of the constructor as attributes."""
    for function in node.body:
        if not isinstance(function, ast.FunctionDef) or function.name != "__init__":
            continue
        for statement in ast.walk(function):
            target: ast.expr | None = None
            annotation: ast.expr | None = None
            if isinstance(statement, ast.AnnAssign):
                target = statement.target
                annotation = statement.annotation
            elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
                target = statement.targets[0]
                annotation = statement.value.func
            if not isinstance(target, ast.Attribute) or target.attr.startswith("_"):
                continue
            if annotation and _names_a_type(annotation):
                yield ast.AnnAssign(ast.Name(target.attr), annotation, None, 1)


def _names_a_type(expression: ast.expr) -> bool:
    name = ast.unparse(expression)
    return name[:1].isupper() or name.startswith(("str", "int", "bool", "list[", "dict["))


def _is_setter(function: Function) -> bool:
    return any(ast.unparse(decorator).endswith(".setter") for decorator in function.decorator_list)


def _format_annotations(member: Function | ast.AnnAssign) -> str:
    if isinstance(member, ast.AnnAssign):
        return ast.unparse(member.annotation)
    return ast.unparse(member.returns) if member.returns else ""


def _render_class(node: ast.ClassDef) -> Iterator[str]:
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    yield f"### class {node.name}{f'({bases})' if bases else ''}\n"
    yield f"{_clean_docstring(node)}\n"
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            yield f"```python\n{_format_signature(member, node.name, bound=True)}\n```\n"
    for member in _public_members(node):
        if isinstance(member, ast.AnnAssign):
            yield f"- `{ast.unparse(member.target)}: {ast.unparse(member.annotation)}`\n"
            continue
        if any(ast.unparse(decorator).endswith("property") for decorator in member.decorator_list):
            title = member.name
            signature = f"{member.name}: {_format_annotations(member)}"
        else:
            title = f"{member.name}()"
            signature = _format_signature(member, member.name, bound=True)
        yield f"#### {title}\n\n```python\n{signature}\n```\n"
        yield f"{_clean_docstring(member)}\n"
    yield ""


def _format_signature(function: Function, name: str, *, bound: bool) -> str:
    """Return a call as documentation shows it; a bound method without its first parameter."""
    parameters = _format_parameters(function.args)[1 if bound else 0 :]
    returns = ""
    if function.returns and function.name != "__init__":
        returns = f" -> {ast.unparse(function.returns)}"
    line = f"{name}({', '.join(parameters)}){returns}"
    if len(line) <= MAX_SIGNATURE_WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in parameters), f"){returns}"])


def _format_parameters(arguments: ast.arguments) -> list[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = [None] * (len(positional) - len(arguments.defaults))
    parts = [
        _format_parameter(argument, default)
        for argument, default in zip(positional, [*missing, *arguments.defaults], strict=True)
    ]
    if arguments.posonlyargs:
        parts.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg:
        parts.append(f"*{_format_parameter(arguments.vararg, None)}")
    elif arguments.kwonlyargs:
        parts.append("*")
    parts += [
        _format_parameter(argument, default)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        parts.append(f"**{_format_parameter(arguments.kwarg, None)}")
    return parts


def _format_parameter(argument: ast.arg, default: ast.expr | None) -> str:
    annotation = f": {ast.unparse(argument.annotation)}" if argument.annotation else ""
    if default is None:
        return argument.arg + annotation
    equals = " = " if annotation else "="
    return f"{argument.arg}{annotation}{equals}{ast.unparse(default)}"


def _clean_docstring(node: Function | ast.ClassDef) -> str:
    return ast.get_docstring(node) or ""


def _exported_names(path: Path) -> list[str]:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


def _render_functions(names: list[str], prefix: str) -> Iterator[str]:
    """Yield the sections of public functions and classes of `testing/`, in any module."""
    nodes = {
        node.name: node
        for path in sorted((PACKAGE / "testing").rglob("*.py"))
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, Function | ast.ClassDef) and node.name in names
    }
    for name in names:
        node = nodes[name]
        if isinstance(node, ast.ClassDef):
            yield from _render_class(node)
        else:
            signature = _format_signature(node, prefix + name, bound=False)
            yield f"### {prefix}{name}()\n\n```python\n{signature}\n```\n"
            yield f"{_clean_docstring(node)}\n"


def _render_fixtures() -> Iterator[str]:
    fixtures = ast.parse((PLUGIN / "fixtures.py").read_text("utf-8"))
    for node in fixtures.body:
        if isinstance(node, ast.FunctionDef) and any(
            ast.unparse(decorator).startswith("pytest.fixture") for decorator in node.decorator_list
        ):
            decorator = node.decorator_list[0]
            scopes = [keyword.value for keyword in getattr(decorator, "keywords", ())]
            scope = scopes[0].value if scopes else "function"
            returns = ast.unparse(node.returns).strip("'\"") if node.returns else ""
            yield f"### {node.name}\n\n`{returns}`, scope {scope}. {_clean_docstring(node)}\n"


def _render_pytest_options() -> Iterator[str]:
    yield "| 选项 (option) | 含义 (meaning) |\n|---|---|"
    plugin = ast.parse((PLUGIN / "plugin.py").read_text("utf-8"))
    for node in ast.walk(plugin):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in ("addoption", "addini") or not node.args:
            continue
        name = node.args[0]
        texts = [keyword.value for keyword in node.keywords if keyword.arg == "help"]
        texts += node.args[1:2] if node.func.attr == "addini" else []
        if isinstance(name, ast.Constant) and texts and isinstance(texts[0], ast.Constant):
            label = f"{name.value!s}" if node.func.attr == "addoption" else f"ini: {name.value!s}"
            yield f"| `{label}` | {texts[0].value!s} |"
    yield ""


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(exist_ok=True)
    MISTAKES_FOLDER.mkdir(exist_ok=True)
    for name, text in make_pages().items():
        (FOLDER / name).write_text(text, "utf-8")
    for name, text in make_mistake_pages().items():
        (MISTAKES_FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
