"""What SalesRabbit's records become, the standard suite of its engines, and its declarations."""

import ast
import inspect
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.base.testing import MemorySource, engine_suite
from ingestion.management.commands.sync_list import field_map
from ingestion.models import RejectedRecord
from ingestion.sync import salesrabbit
from ingestion.sync.salesrabbit.engines import (
    SalesRabbitLeadStatusHistorySyncEngine,
    SalesRabbitLeadSyncEngine,
    SalesRabbitUserSyncEngine,
)
from ingestion.sync.salesrabbit.processors import (
    SalesRabbitLeadProcessor,
    SalesRabbitLeadStatusHistoryProcessor,
    SalesRabbitUserProcessor,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


def lead(number):
    moment = (START + timedelta(seconds=number)).isoformat()
    return {
        **{"id": 4_700_000 + number, "firstName": "Ada", "email": f"ada{number}@example.com", "zip": "07081"},
        **{"dateModified": moment, "dateCreated": moment, "deletedAt": None, "customFields": []},
    }


def user(number):
    return {"id": number, "firstName": "Rep", "active": True, "dateModified": START.isoformat()}


def entry(number):
    moment = (START + timedelta(seconds=number)).isoformat()
    return {
        **{"leadId": str(number), "id": 204, "name": "Not Home", "abbreviation": "NH", "active": True},
        **{"changedByUserId": "911705149", "statusUpdated": moment, "leadModified": moment},
    }


def changed(name, value, cursor):
    def change(record):
        return {**record, name: value, cursor: (START + timedelta(days=1)).isoformat()}

    return change


def source(cursor, key="id"):
    return lambda records: MemorySource(records, cursor=cursor, key=key, page_size=1000)


class OnlyItsKeyRejects:
    """The suite of an entity all of whose other fields are optional: a bad one is null with a warning."""

    def test_bad_record_is_kept_and_loads_when_it_is_corrected(self):
        records = self.records()
        good, records[3] = records[3], type(self).spoil(records[3])
        partial = self.sync(records)
        waiting = RejectedRecord.objects.waiting().count()
        records[3] = type(self).change(good)
        self.sync(records)

        assert (partial.status, partial.records_failed, waiting) == ("partial", 1, 1)
        assert len(self.stored()) == 25


LeadSuite = engine_suite(
    SalesRabbitLeadSyncEngine,
    serve=source("dateModified"),
    record=lead,
    change=changed("firstName", "Grace", "dateModified"),
    spoil=lambda record: {**record, "id": "none"},
)
UserSuite = engine_suite(
    SalesRabbitUserSyncEngine,
    serve=source(None),
    record=user,
    change=changed("firstName", "Grace", "dateModified"),
    spoil=lambda record: {**record, "id": "none"},
)
HistorySuite = engine_suite(
    SalesRabbitLeadStatusHistorySyncEngine,
    serve=source("leadModified", "leadId"),
    record=entry,
    change=changed("name", "Go Back", "leadModified"),
    spoil=lambda record: {**record, "statusUpdated": "yesterday"},
)


class TestLeads(OnlyItsKeyRejects, LeadSuite):
    """Leads."""


class TestUsers(OnlyItsKeyRejects, UserSuite):
    """Users."""


class TestHistories(OnlyItsKeyRejects, HistorySuite):
    """The log of statuses."""


def row(processor, record):
    return dict(processor().process_batch([record]).rows[0])


NESTED = {
    **{"id": 4700001, "firstName": "Ada", "businessName": None, "phonePrimary": "5550100100"},
    "address": {"street1": "1 Main St", "street2": "", "city": "Springfield", "zip": "07081"},
    "coordinates": {"latitude": 40.7, "longitude": -74.3},
    **{"dateOfBirth": "1985-12-10", "customFields": {"windowCount": "4"}, "integrationData": []},
    **{"dateModified": "2025-03-04T15:11:12+00:00", "status": "Appointment Set", "userId": 88001},
}


def test_lead_with_its_address_in_an_object():
    found = row(SalesRabbitLeadProcessor, NESTED)

    assert (found["street1"], found["street2"], found["zip"]) == ("1 Main St", None, "07081")
    assert (found["latitude"], found["longitude"]) == (Decimal("40.7"), Decimal("-74.3"))
    assert found["date_of_birth"] == date(1985, 12, 10)
    assert (found["custom_fields"], found["integration_data"]) == ({"windowCount": "4"}, None)
    assert found["date_modified"] == datetime(2025, 3, 4, 15, 11, 12, tzinfo=UTC)
    assert found["extra"] == {}


def test_lead_with_its_address_in_itself():
    flat = {**NESTED, **NESTED["address"], **NESTED["coordinates"]}
    del flat["address"], flat["coordinates"]

    assert row(SalesRabbitLeadProcessor, flat) == row(SalesRabbitLeadProcessor, NESTED)


@pytest.mark.parametrize("empty", [[], "", {}, None])
def test_empty_object_is_null_however_it_is_written(empty):
    assert row(SalesRabbitLeadProcessor, {**NESTED, "customFields": empty})["custom_fields"] is None


def test_text_longer_than_its_column_is_cut_with_a_warning():
    batch = SalesRabbitLeadProcessor().process_batch([{**NESTED, "phonePrimary": "5" * 30}])

    assert batch.rows[0]["phone_primary"] == "5" * 20
    assert [error.field for error in batch.warnings[0].errors] == ["phone_primary"]


def test_unknown_members_are_kept_and_told_as_drift():
    processor = SalesRabbitLeadProcessor()
    batch = processor.process_batch([{**NESTED, "prospectScore": 7}])

    assert batch.rows[0]["extra"] == {"prospectScore": 7}
    assert processor.drift()["unknown"] == ["prospectScore"]


def test_user_and_history_by_their_own_names():
    someone = row(
        SalesRabbitUserProcessor, {"id": 88001, "leadRepCmsId": 5, "photo_url": "https://x.io/a.png"}
    )
    entered = row(SalesRabbitLeadStatusHistoryProcessor, entry(7))

    assert (someone["lead_rep_cms_id"], someone["photo_url"]) == (5, "https://x.io/a.png")
    assert (entered["lead_id"], entered["status_id"], entered["changed_by_user_id"]) == (7, 204, 911705149)


@pytest.mark.parametrize(
    "classes",
    [
        (SalesRabbitLeadSyncEngine, SalesRabbitLeadProcessor),
        (SalesRabbitUserSyncEngine, SalesRabbitUserProcessor),
        (SalesRabbitLeadStatusHistorySyncEngine, SalesRabbitLeadStatusHistoryProcessor),
    ],
    ids=lambda classes: classes[0].sync_type,
)
def test_entity_is_declared_in_fifteen_statements_or_so(classes):
    def statements(cls):
        tree = ast.parse(inspect.getsource(cls)).body[0]
        return sum(not isinstance(node, ast.Expr) for node in tree.body)

    assert sum(map(statements, classes)) <= 15


def test_field_map_in_the_readme_is_the_mapping():
    readme = (Path(salesrabbit.__file__).parent / "README.md").read_text()
    shown = readme.partition("<!-- fields -->")[2].partition("<!-- /fields -->")[0]

    assert shown.strip() == field_map("salesrabbit").strip()
