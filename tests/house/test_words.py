"""The words of the house: plain names for what is named, docstrings that say what a function does.

CONTRIBUTING.md says how names are chosen.  These tests hold what a machine can see of it.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.house.modules import FILES, ROOT, TEST_FILES, TEST_TREES, TREES, assert_none, package_of
from tests.house.unfinished import OLD_DOCSTRINGS, OLD_NAMES

# No image stands for a thing that has a name of its own in the field ...
IMAGES = {"harm", "deed", "stage", "desk", "crew", "teller", "encounter", "twin", "foresight"}
# ... and no participle stands alone for a value: it leaves open what was told, found or given.
PARTICIPLES = {
    "each",
    "told",
    "shown",
    "seen",
    "met",
    "heard",
    "given",
    "found",
    "wanted",
    "known",
    "asked",
    "kept",
}
# What docstrings and comments do not say either; names in backticks are names.
IMAGES_IN_TEXTS = {
    "told",
    "story",
    "stories",
    "deed",
    "deeds",
    "offence",
    "offences",
    "desk",
    "crew",
    "teller",
    "twin",
    "foresight",
}
# What the platform, or a file that users write, calls so: the stage of a refusal, customer service
# that was asked.
NAMES_OF_THE_FIELD = {"stage", "refusal_stage", "stage_reasons", "ASKED"}
FIELD_PACKAGES = ("domain", "api", "world", "reference")
EXEMPT_DECORATORS = r"property|setter|\.(command|group)\("
OPENINGS = (
    "A",
    "All",
    "An",
    "Any",
    "As",
    "At",
    "Both",
    "Each",
    "Every",
    "For",
    "From",
    "How",
    "If",
    "In",
    "It",
    "No",
    "None",
    "Nothing",
    "One",
    "That",
    "The",
    "These",
    "This",
    "To",
    "What",
    "Whatever",
    "When",
    "Where",
    "Whether",
    "Which",
    "Who",
    "Whoever",
    "Why",
)
IMPERATIVES_IN_S = {
    "Access",
    "Address",
    "Compress",
    "Cross",
    "Discuss",
    "Dress",
    "Express",
    "Focus",
}
IMPERATIVES_IN_S |= {"Guess", "Miss", "Pass", "Press", "Process", "Suppress"}


# What users write as keyword arguments: `calls(known={...})`.
NAMES_OF_USERS = {"mockserver.testing.strategies.calls": {"known"}}


def _json_keys(tree: ast.Module) -> set[int]:
    """Return the ids of the nodes that spell keys of TypedDicts: users read these names in JSON."""
    documents = {"TypedDict"}
    keys: set[int] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("TypedDict("):
            documents |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.ClassDef) and documents & set(map(ast.unparse, node.bases)):
            documents.add(node.name)
            keys |= {id(part.target) for part in node.body if isinstance(part, ast.AnnAssign)}
    return keys


def _named(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every name that a module gives to something, with its line.

    What it imports has its name already.
    """
    json_keys = _json_keys(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if id(node) in json_keys:
                continue
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, getattr(node, "lineno", 0)


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def _is_plain(name: str) -> bool:
    return not _words(name) & IMAGES and name.strip("_").lower() not in PARTICIPLES


def test_names_are_plain():
    """No name has an image for a part, and none is a participle alone."""
    assert_none(
        f"{module}:{line} {name}"
        for module, tree in TREES.items()
        if module not in OLD_NAMES
        for name, line in _named(tree)
        if not _is_plain(name)
        and not (name in NAMES_OF_THE_FIELD and package_of(module) in FIELD_PACKAGES)
        and name not in NAMES_OF_USERS.get(module, ())
    )


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every comment, and of every text that stands as a statement."""
    source = path.read_text("utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.lineno, str(node.value.value)


def test_texts_have_no_images():
    """Docstrings and comments use the words of the field, as names do."""
    assert_none(
        f"{path.relative_to(ROOT)}:{line} {word}"
        for path in (*FILES, *TEST_FILES)
        if path != Path(__file__)
        for line, text in _texts(path)
        for word in re.findall(r"[a-z]+", re.sub(r"`[^`]*`", "", text.lower()))
        if word in IMAGES_IN_TEXTS
    )


def test_names_of_tests_are_plain():
    """Tests and benchmarks name things as the product does."""
    assert_none(
        f"{module}:{line} {name}"
        for module, tree in TEST_TREES.items()
        for name, line in _named(tree)
        if not _is_plain(name)
    )


def _public_functions(
    module: str, tree: ast.Module
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the functions and methods that have no private name.

    Properties are values and have a noun; the docstring of a command is its help text.
    """
    scopes: list[tuple[str, ast.Module | ast.ClassDef]] = [(module, tree)]
    while scopes:
        path, scope = scopes.pop()
        for node in scope.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                scopes.append((f"{path}.{node.name}", node))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                marks = " ".join(ast.unparse(mark) for mark in node.decorator_list)
                if not node.name.startswith("_") and not re.search(EXEMPT_DECORATORS, marks):
                    yield f"{path}.{node.name}:{node.lineno}", node


def _is_imperative(docstring: str) -> bool:
    first = re.split(r"[\s,.:;—]", docstring.strip(), maxsplit=1)[0]
    third_person = first.endswith("s") and first not in IMPERATIVES_IN_S
    return first[:1].isupper() and first not in OPENINGS and not third_person


def test_docstrings_are_imperative():
    """The docstring of a public function opens with what to do.

    Return, Delete, Raise, Parse (PEP 257).
    """
    assert_none(
        f"{place} {docstring.strip().splitlines()[0]}"
        for module, tree in TREES.items()
        for place, node in _public_functions(module, tree)
        if module not in OLD_DOCSTRINGS
        and (docstring := ast.get_docstring(node))
        and not _is_imperative(docstring)
    )
