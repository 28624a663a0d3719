"""Every guide stands in English and in Chinese, with the same structure; every link opens."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH = sorted(
    path
    for path in (*ROOT.glob("docs/*.md"), ROOT / "README.md")
    if not path.name.endswith(".zh-CN.md") and path.name != "glossary.md"
)
LINKED = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md"))
    if path.is_file()
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
TEXTS = re.compile(r'(?<!:)#.*|"""[^"]*"""|"[^"]*配置[^"]*"|"the [^"]* in your configuration"')


def chinese(path: Path) -> Path:
    """Return the path of the Chinese version."""
    return path.with_name(f"{path.stem}.zh-CN.md")


def headings(path: Path) -> list[tuple[str, str]]:
    """Return the level and the text of each heading, those in code left out."""
    return HEADING.findall(FENCE.sub("", path.read_text("utf-8")))


def code_blocks(path: Path) -> list[tuple[str, str]]:
    """Return language and code of each block; comments and texts for readers are left out.

    A block `text` shows output, which is in the language of the guide.
    """
    blocks = []
    for language, code in FENCE.findall(path.read_text("utf-8")):
        blocks.append((language, "" if language == "text" else TEXTS.sub("", code)))
    return blocks


def anchor(heading: str) -> str:
    """Return the anchor that the forge gives a heading."""
    text = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return text.replace(" ", "-")


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.name)
def test_both_languages_have_the_same_structure(path: Path) -> None:
    """The Chinese version exists, has headings of the same levels, and links back."""
    assert chinese(path).is_file()
    levels = [level for level, _ in headings(path)]
    assert levels == [level for level, _ in headings(chinese(path))]
    assert f"]({chinese(path).name})" in path.read_text("utf-8")
    assert f"[English]({path.name})" in chinese(path).read_text("utf-8")


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.name)
def test_both_languages_have_the_same_code(path: Path) -> None:
    """Code blocks are the same; only comments, docstrings and made-up texts are translated."""
    assert code_blocks(path) == code_blocks(chinese(path))


@pytest.mark.parametrize("path", LINKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_open(path: Path) -> None:
    """Every relative link names a file that exists, and its anchor a heading of that file."""
    text = FENCE.sub("", path.read_text("utf-8"))
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        name, _, fragment = target.partition("#")
        file = path.parent / name if name else path
        assert file.exists(), target
        if fragment:
            anchors = [anchor(heading) for _, heading in headings(file)]
            explicit = re.findall(r'<a (?:id|name)="([^"]+)"', file.read_text("utf-8"))
            assert fragment in [*anchors, *explicit], target


WRITTEN_FILE = re.compile(r"(?:^[^#\n]*> |--har )(/?[\w./-]+)", re.MULTILINE)
README_FILES = sorted(
    {
        name
        for path in (ROOT / "README.md", ROOT / "README.zh-CN.md")
        for _, code in FENCE.findall(path.read_text("utf-8"))
        for name in WRITTEN_FILE.findall(code)
    }
)


@pytest.mark.parametrize("name", [*README_FILES, ".mockserver.json", ".mockserver.log"])
def test_a_clone_stays_clean_after_the_readme(name: str) -> None:
    """Git ignores every file that a command of README writes into the clone."""
    patterns = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert any(fnmatch(name, pattern.removeprefix("/")) for pattern in patterns)


def test_the_readme_writes_files() -> None:
    """What the test above looks for is found at all."""
    assert {"calls.har", "reference.md", "states.mmd", "upgraded.mmd"} <= set(README_FILES)
