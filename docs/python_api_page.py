"""The page of the Python API: what `mockserver` exports, fixtures and options of the plugin."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mockserver"
PLUGIN = PACKAGE.parent / "pytest_tmall_mockserver"
ENTRANCES = ("Server", "Sandbox", "TopClient")  # what `mockserver` exports
MAX_SIGNATURE_WIDTH = 90
CONTAINER_METHODS = ("__getitem__", "__setitem__", "__enter__")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def render_python_api() -> str:
    classes = _find_classes()
    exported = _exported_names(PACKAGE / "testing/strategies/__init__.py")
    parts = [
        "# Python 接口参考 (Python API reference)\n",
        "## mockserver\n",
        "```python\nfrom mockserver import Server, Sandbox, TopClient\n```\n",
        "`…Document` 类型写注解时这样导入 (for annotations, types `…Document` are imported so):\n",
        (
            "```python\nfrom mockserver.service.reply_documents import EventDocument\n"
            "from mockserver.service.route_replies import NotificationDocument\n```\n"
        ),
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
            PACKAGE / "service/route_replies.py",
        )
        for node in _read_classes(path)
        if not node.name.startswith("_")
    }


def _read_classes(path: Path) -> Iterator[ast.ClassDef]:
    """Yield the classes of a module, with those that `NAME = TypedDict("NAME", {…})` makes.

    The form of a call is for keys that are no names in Python, such as `from`.
    """
    body = ast.parse(path.read_text("utf-8")).body
    docstrings = {
        ast.unparse(node.targets[0]).removesuffix(".__doc__"): node.value
        for node in body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith(".__doc__")
    }
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield node
        elif isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("TypedDict("):
            assert isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name)
            name = node.targets[0].id
            keys = node.value.args[1]
            assert isinstance(keys, ast.Dict)
            members: list[ast.stmt] = [
                ast.AnnAssign(ast.Name(ast.literal_eval(key)), kind, None, 1)
                for key, kind in zip(keys.keys, keys.values, strict=True)
                if key is not None
            ]
            docstring = [ast.Expr(docstrings[name])] if name in docstrings else []
            yield ast.ClassDef(name, [ast.Name("TypedDict")], [], [*docstring, *members], [])


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
