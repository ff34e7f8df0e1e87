"""Every CallRail engine under the standard suite."""

import ast
import inspect
from datetime import UTC, datetime, timedelta

from ingestion.base.testing import MemorySource, engine_suite
from ingestion.registry import ordered
from ingestion.sync.callrail.engines import (
    CallRailAccountSyncEngine,
    CallRailCallSyncEngine,
    CallRailCompanySyncEngine,
    CallRailFormSubmissionSyncEngine,
    CallRailTagSyncEngine,
    CallRailTextMessageSyncEngine,
    CallRailTrackerSyncEngine,
    CallRailUserSyncEngine,
)

START = datetime.now(UTC) - timedelta(days=5)


def suite(engine, required, edited, **values):
    """The suite of an engine whose records cannot be without `required`; `edited` is what people change."""
    cursor = engine.resource.cursor

    def record(number):
        stamp = {cursor: (START + timedelta(seconds=number)).isoformat()} if cursor else {}
        return {"id": f"ID{number:06}", "account_id": "ACC1", **values, **stamp, edited: "before"}

    def change(one):
        return {**one, edited: f"{one[edited]} and after"}

    return engine_suite(
        engine,
        serve=lambda records: MemorySource(records, cursor=cursor, by_key=cursor is None, page_size=1000),
        record=record,
        change=change,
        spoil=lambda one: {**one, required: None},
    )


TestAccounts = suite(CallRailAccountSyncEngine, "name", "name")
TestCompanies = suite(CallRailCompanySyncEngine, "time_zone", "name", status="active", time_zone="EST")
TestCalls = suite(CallRailCallSyncEngine, "direction", "note", direction="inbound", duration=4)
TestTrackers = suite(CallRailTrackerSyncEngine, "type", "name", type="source", status="active")
TestForms = suite(CallRailFormSubmissionSyncEngine, "account_id", "note", form_data={"name": "Ada"})
TestMessages = suite(
    CallRailTextMessageSyncEngine, "direction", "state", direction="incoming", conversation_id="KZ1"
)
TestTags = suite(CallRailTagSyncEngine, "account_id", "name")
TestUsers = suite(CallRailUserSyncEngine, "account_id", "last_name", email="ada@example.com")


def lines(cls):
    """The lines of a class that declare: less its name and its docstring."""
    tree = ast.parse(inspect.getsource(cls)).body[0]
    return sum(node.end_lineno - node.lineno + 1 for node in tree.body if not isinstance(node, ast.Expr))


def test_an_entity_is_declared_in_fifteen_lines():
    declared = {each.sync_type: lines(each) + lines(each.processor_class) for each in ordered("callrail")}

    assert {name: count for name, count in declared.items() if count > 15} == {}
