"""The house numbers, and what no file of this repository may hold."""

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = [
    path
    for folder in ("ingestion", "config")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
PYTHON = [*PRODUCT, *sorted((ROOT / "tests").rglob("*.py")), ROOT / "manage.py"]
SUPPRESSION = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no cover)(?P<codes>[^#\n]*)")
CODES = re.compile(r"\[[\w, -]+\]|[A-Z]+[0-9]+,?")

# In two parts each: this file is one of those that are searched.
FORBIDDEN = {
    "an address of a package index": re.compile(
        r"https?://\S*(?:/sim" r"ple\b|pythonho" r"sted|devpi|artifactory)"
    ),
    "an index of packages as an option": re.compile(
        r"^\s*(?:--(?:extra-)?index-u" r"rl|index-u" r"rl\s*=)", re.M
    ),
    "an absolute path of a machine": re.compile(
        r"(?<![\w.])/(?:wo" r"rk|ro" r"ot|ho" r"me/\w+|Use" r"rs/\w+)/"
    ),
}


def name(path):
    return str(path.relative_to(ROOT))


def trees(paths=PRODUCT):
    return ((path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def length(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def functions():
    """(place, lines) of each function, its docstring not counted."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                told = node.body[0] if ast.get_docstring(node) else None
                lines = node.end_lineno - node.lineno + 1
                yield (
                    f"{name(path)}:{node.lineno}",
                    lines - (told.end_lineno - told.lineno + 1 if told else 0),
                )


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def source_of(module):
    """`ingestion.sync.hubspot.models` → `hubspot`."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["ingestion", "sync"] and len(parts) > 2 else None


def tracked():
    """Every file that is, or is about to be, in the repository."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this is no git repository")
    return [path for path in (ROOT / each for each in listed.split("\0") if each) if path.is_file()]


def text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


# Sizes.


def test_no_module_is_longer_than_400_lines():
    assert [(name(path), length(path)) for path in PRODUCT if length(path) > 400] == []


def test_half_of_the_modules_are_no_longer_than_120_lines():
    assert statistics.median(length(path) for path in PRODUCT if length(path)) <= 120


def test_no_function_is_longer_than_40_lines():
    assert [(place, lines) for place, lines in functions() if lines > 40] == []


def test_half_of_the_functions_are_no_longer_than_9_lines():
    assert statistics.median(lines for _, lines in functions()) <= 9


def test_every_module_says_what_it_is_for():
    silent = [
        name(path)
        for path, tree in trees()
        if not ast.get_docstring(tree) and path.name != "__init__.py" and "commands" not in path.parts
    ]

    assert silent == []


# Errors and suppressions.


def test_only_the_lease_catches_everything():
    broad = [
        f"{name(path)}: {ast.unparse(handler.type) if handler.type else 'bare'}"
        for path, tree in trees()
        for handler in ast.walk(tree)
        if isinstance(handler, ast.ExceptHandler)
        and (handler.type is None or re.search(r"\b(?:Base)?Exception\b", ast.unparse(handler.type)))
    ]

    assert broad == ["ingestion/base/sync_engine.py: BaseException"]


def test_the_lease_raises_again_what_it_caught():
    tree = ast.parse((ROOT / "ingestion/base/sync_engine.py").read_text(encoding="utf-8"))
    lease = next(node for node in ast.walk(tree) if getattr(node, "name", "") == "lease")
    (handler,) = [node for node in ast.walk(lease) if isinstance(node, ast.ExceptHandler)]

    assert isinstance(handler.body[-1], ast.Raise)
    assert handler.body[-1].exc is None


def suppressions():
    """(place, reason) of each comment that silences a tool."""
    for path in PYTHON:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if path != Path(__file__) and (found := SUPPRESSION.search(line)):
                yield f"{name(path)}:{number}", CODES.sub("", found["codes"]).strip(" :,-")


def test_at_most_one_suppression_for_each_thousand_lines():
    assert len(list(suppressions())) <= sum(map(length, PYTHON)) / 1000


def test_every_suppression_has_its_reason():
    assert [place for place, reason in suppressions() if len(reason.split()) < 2] == []


# SQL.


def formatted(node):
    """Whether an expression puts values into a text."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, (ast.Mod, ast.Add))
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"


def test_no_sql_is_formatted():
    executing = {"execute", "executemany", "raw", "RawSQL", "copy"}
    found = [
        f"{name(path)}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in executing
        and node.args
        and formatted(node.args[0])
    ]

    assert found == []


# Layers.


def test_framework_knows_no_source():
    knowing = [
        f"{name(path)} imports {module}"
        for path, tree in trees()
        if (ROOT / "ingestion/base") in path.parents
        for module in imports(tree)
        if module.startswith("ingestion.sync")
    ]

    assert knowing == []


def test_no_source_knows_another():
    knowing = [
        f"{name(path)} imports {module}"
        for path, tree in trees()
        if (ROOT / "ingestion/sync") in path.parents and len(path.relative_to(ROOT).parts) > 3
        for module in imports(tree)
        if source_of(module) not in (None, path.relative_to(ROOT).parts[2])
    ]

    assert knowing == []


def test_apps_of_sources_import_no_models():
    importing = [
        f"{name(path)} imports {module}"
        for path, tree in trees()
        if path.name == "apps.py" and (ROOT / "ingestion/sync") in path.parents
        for module in imports(tree)
        if module != "ingestion.source"
    ]

    assert importing == []


# What is in the files.


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    found = [
        f"{name(path)}: {match[0]}" for path in tracked() for match in FORBIDDEN[what].finditer(text_of(path))
    ]

    assert found == []


def test_patterns_find_what_they_are_for():
    bad = {
        "an address of a package index": "https://mirror.example/py/sim" + "ple/django",
        "an index of packages as an option": "--index-u" + "rl https://mirror.example",
        "an absolute path of a machine": "see /wo" + "rk/main/a.py",
    }

    assert [what for what, text in bad.items() if not FORBIDDEN[what].search(text)] == []
