"""No SQL of the product is made by formatting values or names into a text."""

import ast
import re
from pathlib import Path

import pytest

from tests.test_house import PRODUCT, ROOT, name

VERBS = re.compile(
    r"^\s*(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE|WITH|CREATE|ALTER|DROP|TRUNCATE|COPY|SET\s+SESSION|"
    r"LOCK|CALL|EXPLAIN)\b|\b(?:WHERE|ORDER BY|GROUP BY|HAVING|LIMIT|FROM|VALUES)\s*[\s(]"
)
TAKE_SQL = {
    "execute",
    "executemany",
    "exec_driver_sql",
    "raw",
    "RawSQL",
    "SQL",
    "text",
    "literal_column",
    "query",
    "column",
    "table",
}
"""Functions whose first argument is SQL, or a name that only they quote."""


def texts(node):
    """The constant texts that an expression is put together from."""
    return [
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]


def is_formatted(node):
    """Whether an expression puts a text together: f"…{x}", "…" % x, "…" + x, "…".format(x)."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        return any(
            isinstance(each, (ast.Constant, ast.JoinedStr)) and texts(each)
            for each in (node.left, node.right)
        )
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("format", "join", "replace")
        and isinstance(node.func.value, (ast.Constant, ast.JoinedStr))
    )


def called(node):
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def formatted_sql(tree):
    """The lines where SQL is put together as text."""
    for node in ast.walk(tree):
        if (is_formatted(node) and any(VERBS.search(text) for text in texts(node))) or (
            isinstance(node, ast.Call)
            and called(node) in TAKE_SQL
            and node.args
            and is_formatted(node.args[0])
        ):
            yield node.lineno


def test_no_sql_is_built_by_formatting():
    found = [
        f"{name(path)}:{line}"
        for path in PRODUCT
        for line in formatted_sql(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        'f"SELECT * FROM {table}"',
        '"DELETE FROM %s" % table',
        '"UPDATE " + table + " SET x = 1"',
        '"INSERT INTO {} VALUES (1)".format(table)',
        'cursor.execute(f"{statement}")',
        'sa.text("a = " + value)',
        'f"x WHERE id = {value}"',
        'sql.SQL("x = {}".format(value))',
    ],
)
def test_formatted_sql_would_be_found(code):
    assert list(formatted_sql(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        'cursor.execute("SELECT 1 FROM t WHERE k = %s", [key])',
        'sql.SQL("SELECT {}").format(name)',
        'f"{n} records"',
    ],
)
def test_parameters_and_quoted_names_are_not_taken_for_it(code):
    assert not list(formatted_sql(ast.parse(code)))


def test_the_product_is_looked_at():
    assert ROOT / "ingestion/base/loaders/postgres.py" in PRODUCT
    assert Path(ROOT / "ingestion/base/database/statements.py") in PRODUCT
