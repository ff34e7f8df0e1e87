"""What LeadConduit's events become, the standard suite of its engines, and its declarations."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.base.testing import MemorySource, engine_suite
from ingestion.management.commands.sync_list import field_map
from ingestion.models import RejectedRecord
from ingestion.sync import leadconduit
from ingestion.sync.leadconduit.clients import with_steps
from ingestion.sync.leadconduit.engines import LeadConduitEventSyncEngine, LeadConduitLeadSyncEngine
from ingestion.sync.leadconduit.processors import LeadConduitEventProcessor, LeadConduitLeadProcessor

START = datetime(2025, 3, 4, 10, 11, 12, 130_000, UTC)


def event(number=0, **lead):
    return {
        "id": f"5fd4371e940df5a3{number:08x}",
        **{"type": "source", "outcome": "success", "reason": None, "ms": 170},
        **{"start_timestamp": 1741083072130 + number * 1000, "end_timestamp": 1741083072300 + number * 1000},
        "vars": {
            "lead": {"id": f"lead-{number}", "first_name": "Ada", **lead},
            "flow": {"id": "f1", "name": "Home services"},
            "source": {"id": "s1", "name": "Web form"},
        },
    }


class Events(MemorySource):
    """Ordered by time and id; its times are milliseconds."""

    def wanted(self, record, window):
        moment = datetime.fromtimestamp(record["start_timestamp"] / 1000, UTC)
        return not window.since or moment >= window.since


def change(record):
    day = 86_400_000
    lead = {**record["vars"]["lead"], "first_name": "Grace"}
    moved = record["start_timestamp"] + day
    return {**record, "start_timestamp": moved, "host": "h2", "vars": {**record["vars"], "lead": lead}}


def serve(records):
    return Events(records, cursor="start_timestamp", page_size=1000)


EventSuite = engine_suite(
    LeadConduitEventSyncEngine,
    serve=serve,
    record=event,
    change=change,
    spoil=lambda record: {**record, "id": "x" * 60},
)
TestLeads = engine_suite(
    LeadConduitLeadSyncEngine,
    serve=serve,
    record=event,
    change=change,
    spoil=lambda record: {**record, "id": None},
)


class TestEvents(EventSuite):
    """Nothing but the key can reject an event: what is wrong with anything else is a warning."""

    def test_bad_record_is_kept_and_loads_when_it_is_corrected(self):
        records = self.records()
        good, records[3] = records[3], type(self).spoil(records[3])
        partial = self.sync(records)
        waiting = RejectedRecord.objects.waiting().count()
        records[3] = type(self).change(good)
        self.sync(records)

        assert (partial.status, partial.records_failed, waiting) == ("partial", 1, 1)
        assert len(self.stored()) == 25


def row(processor, record):
    return dict(processor().process_batch([record]).rows[0])


def test_times_are_milliseconds_since_1970():
    found = row(LeadConduitEventProcessor, event())

    assert (found["start_timestamp"], found["ms"]) == (START, 170)
    assert row(LeadConduitLeadProcessor, event())["submitted_utc"] == START


def test_event_and_lead_have_ids_of_their_own():
    found = row(LeadConduitLeadProcessor, event(7))

    assert (found["lead_id"], found["event_id"]) == ("lead-7", event(7)["id"])
    assert row(LeadConduitEventProcessor, event(7))["lead_id"] == "lead-7"


@pytest.mark.parametrize(
    ("lead", "column", "kept"),
    [
        ({"email": "ada@example.com"}, "email", "ada@example.com"),
        ({"email": {"raw": "ADA@x.io", "normal": "ada@x.io", "valid": True}}, "email", "ada@x.io"),
        ({"phone_1": {"raw": "555-0100", "normal": "5555550100", "number": "0100"}}, "phone", "5555550100"),
        ({"phone_1": {"raw": "555", "valid": False}}, "phone", "555"),
        ({"phone": "5550100"}, "phone", "5550100"),
        ({"mobile": "5550101"}, "phone", "5550101"),
        ({"address_1": "1 Main St"}, "address", "1 Main St"),
        ({"postal_code": {"raw": "07081-1", "zip": "07081", "valid": True}}, "zip_code", "07081"),
        ({"zip": "07082"}, "zip_code", "07082"),
        ({"province": "ON"}, "state", "ON"),
        ({"country": "US"}, "country", "US"),
        ({"first_name": {"raw": "Ada", "normal": "Ada"}}, "first_name", "Ada"),
        ({"first_name": {}}, "first_name", None),
        ({"email": "ada@example.com"}, "email_metadata", {}),
        ({"phone_1": {"raw": "555", "valid": False}}, "phone_metadata", {"raw": "555", "valid": False}),
        ({"ownerid_hge": 77}, "ownerid_hge", "77"),
    ],
)
def test_field_of_a_lead_comes_bare_or_as_an_object(lead, column, kept):
    assert row(LeadConduitLeadProcessor, event(**lead))[column] == kept


def test_same_field_may_come_both_ways_in_one_batch():
    batch = LeadConduitLeadProcessor().process_batch(
        [event(1, email="a@x.io"), event(2, email={"normal": "b@x.io"}), event(3, email=None)]
    )

    assert [each["email"] for each in batch.rows] == ["a@x.io", "b@x.io", None]


def test_flow_source_and_the_whole_lead_are_kept():
    found = row(LeadConduitLeadProcessor, event(loan="big"))

    assert (found["flow_name"], found["source_name"], found["flow_id"]) == ("Home services", "Web form", "f1")
    assert found["lead_data"]["loan"] == "big"


def test_members_that_are_no_events_are_what_steps_appended():
    found = with_steps({"id": "1", "vars": {}, "trustedform": {"ok": True}, "lookups": [1], "ms": 3})

    assert found == {"id": "1", "vars": {}, "ms": 3, "steps": {"trustedform": {"ok": True}, "lookups": [1]}}
    assert with_steps({"id": "1"}) == {"id": "1", "steps": None}


def test_credentials_and_requests_are_in_no_row():
    secret = {"credential": {"token": "s3cret"}, "request": {"body": "s3cret"}, "transactions": ["s3cret"]}

    assert "s3cret" not in str(row(LeadConduitEventProcessor, {**event(), **secret}))


def test_overlap_reaches_back_far_enough_for_events_that_are_written_late():
    assert LeadConduitEventSyncEngine.overlap >= timedelta(hours=2)


def test_field_map_in_the_readme_is_the_mapping():
    readme = (Path(leadconduit.__file__).parent / "README.md").read_text()
    shown = readme.partition("<!-- fields -->")[2].partition("<!-- /fields -->")[0]

    assert shown.strip() == field_map("leadconduit").strip()
