"""Every CallRail engine under the standard suite."""

from datetime import UTC, datetime, timedelta

from ingestion.base.testing import MemorySource, engine_suite
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
