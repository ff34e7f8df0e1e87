"""What HubSpot's records become: every property has its column, and odd values do what was declared."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.core import checks
from django.db import models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from ingestion.base.mapping import FRAMEWORK_COLUMNS
from ingestion.base.records import Tombstone
from ingestion.management.commands.sync_list import field_map
from ingestion.models import SourceModel
from ingestion.sync import hubspot
from ingestion.sync.hubspot.models import HubSpotCompany, HubSpotContact, HubSpotDeal, HubSpotOwner
from ingestion.sync.hubspot.processors import (
    FLAGS,
    MOMENTS,
    HubSpotCompanyProcessor,
    HubSpotContactProcessor,
    HubSpotDealProcessor,
    HubSpotOwnerProcessor,
    HubSpotProcessor,
)
from ingestion.sync.hubspot.validators import flag, us_moment

BEYOND_FLOAT = 2**53 + 1

# What HubSpot calls its properties, by the type of their columns. Written out, so that a name that is
# misspelt in a model or a mapping is found here and not as an empty column.

CONTACT = {
    "Text": "address comments original_lead_source lead_notes lead_source_notes hs_merged_object_ids",
    "Char(255)": """
        adgroupid ap_leadid campaign_content campaign_name city clickcheck clicktype division email
        firstname hs_google_click_id hs_object_id lastname lead_salesrabbit_lead_id marketsharp_id
        msm_source reference_code search_terms tier vendorleadid vertical lead_added_by_supervisor
        lead_agent_name lead_cdyne_county lead_copied_from_on lead_import_source dedupe___record_id
        hs_analytics_source hs_analytics_source_data_1 hs_analytics_source_data_2 hs_latest_source
        hs_latest_source_data_1 hs_latest_source_data_2 hs_marketable_status hs_marketable_until_renewal
        hs_object_source_label hs_predictivescoringtier hs_timezone hs_updated_by_user_id
        hs_created_by_user_id hs_email_domain lifecyclestage currentlyinworkflow sales_rabbit_lead_id
        contact_type prospect_marketsharp_id hge_secondary_source hge_primary_source service_of_interest
        canvasser canvasser_email canvasser_id country hatch_id
    """,
    "Char(20)": "zip lead_year_built lead_zip",
    "Char(50)": """
        phone state lead_added_by_latitude lead_added_by_longitude lead_phone1 lead_phone2 lead_phone3
        lead_state prospect_phone1
    """,
    "Char(100)": "lead_city",
    "Char(500)": "lead_address1",
    "URL(500)": "trustedform_cert_url address_url",
    "DateTime": """
        createdate lastmodifieddate original_lead_source_created lead_call_screen_viewed_on lead_dead_on
        lead_do_not_call_before lead_estimate_confirmed_on lead_express_consent_set_on lead_sourced_on
        lead_viewed_on hs_analytics_first_timestamp hs_latest_source_timestamp hs_v2_date_entered_lead
        notes_last_updated notes_last_contacted last_scheduled_appointment_start_time prospect_add_date
    """,
    "Decimal(15,2)": "price lead_cost hs_analytics_revenue",
    "Decimal(10,2)": "hs_predictivecontactscore_v2",
    "BigInteger": """
        lead_added_by lead_agent_id lead_call_screen_viewed_by lead_contact lead_copied_from_id lead_dead_by
        lead_division lead_estimate_confirmed_by lead_express_consent_set_by
        lead_express_consent_upload_file_id lead_id lead_prospect_id lead_salesrabbit_lead_id_new contact_id
        prospect_id prospect_add_user_id prospect_user_id division_id
    """,
    "Integer": """
        lead_cwp_client lead_express_consent_source lead_invalid_address lead_is_carpentry_followup
        lead_is_dnc lead_is_dummy lead_is_estimate_confirmed lead_is_estimate_set lead_is_express_consent
        lead_is_express_consent_being_reviewed lead_is_high_potential lead_is_mobile_lead
        lead_is_valid_address lead_is_valid_email lead_is_year_built_verified lead_is_zillow lead_job_type
        lead_rating lead_source lead_status lead_substatus lead_type1 lead_type2 lead_type4 lead_with_dm
        hs_analytics_average_page_views hs_analytics_num_event_completions hs_analytics_num_page_views
        hs_analytics_num_visits hs_membership_has_accessed_private_content hs_registered_member
        hs_prospecting_agent_total_enrolled_count num_conversion_events num_unique_conversion_events
        phone1_type phone2_type num_notes num_contacted_notes prospect_is_address_valid
        prospect_is_year_built_valid prospect_phone1_type prospect_phone2_type prospect_year_built
    """,
    "Boolean": "hs_currently_enrolled_in_prospecting_agent hs_is_unworked",
}
COMPANY = {
    "Text": "address address2 description hs_merged_object_ids",
    "Char(255)": """
        name domain city state country timezone industry type lifecyclestage hs_lead_status
        hs_analytics_source hubspot_owner_id hubspot_team_id hs_parent_company_id hs_object_id
    """,
    "Char(500)": "website linkedin_company_page",
    "Char(50)": "phone zip founded_year",
    "Boolean": "is_public",
    "BigInteger": "numberofemployees",
    "Integer": """
        hs_num_child_companies num_associated_contacts num_associated_deals hs_num_open_deals days_to_close
        num_notes num_contacted_notes
    """,
    "Decimal(20,2)": "annualrevenue total_revenue hs_total_deal_value recent_deal_amount",
    "DateTime": """
        hubspot_owner_assigneddate recent_deal_close_date first_deal_created_date first_contact_createdate
        closedate notes_last_updated notes_last_contacted notes_next_activity_date createdate
        hs_lastmodifieddate
    """,
}
DEAL = {
    "Text": "description hs_merged_object_ids",
    "Char(255)": "dealname dealstage dealtype hs_object_id hubspot_owner_id pipeline division priority",
    "Decimal(15,2)": "amount",
    "DateTime": "closedate createdate hs_lastmodifieddate",
}
OWNER = {
    "Email(254)": "email",
    "Char(255)": "firstName lastName",
    "Char(50)": "type",
    "BigInteger": "userId",
    "JSON": "teams",
    "DateTime": "createdAt updatedAt",
}
RENAMED = {
    "dedupe___record_id": "dedupe_record_id",
    "dealname": "deal_name",
    "firstName": "first_name",
    "lastName": "last_name",
    "userId": "user_id",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
}
ENTITIES = [
    (HubSpotContactProcessor, CONTACT, "contact"),
    (HubSpotCompanyProcessor, COMPANY, "company"),
    (HubSpotDealProcessor, DEAL, "deal"),
    (HubSpotOwnerProcessor, OWNER, "owner"),
]
OBJECTS = ENTITIES[:3]
entities = pytest.mark.parametrize(
    ("processor", "table", "name"), ENTITIES, ids=[each[2] for each in ENTITIES]
)
objects = pytest.mark.parametrize(("processor", "table", "name"), OBJECTS, ids=[each[2] for each in OBJECTS])


def types(table):
    """API name → type."""
    return {name: kind for kind, names in table.items() for name in names.split()}


def described(field):
    """A model field in the words of the tables."""
    kind = type(field).__name__.removesuffix("Field")
    if isinstance(field, models.DecimalField):
        return f"{kind}({field.max_digits},{field.decimal_places})"
    return f"{kind}({field.max_length})" if field.max_length else kind


def sample(name, kind, number):
    """A value as HubSpot sends it and as the row has it, a different one for each property."""
    second = datetime(2025, 3, 4, 10, 11, 12, 130_000, UTC) + timedelta(seconds=number)
    if name == "email":
        return f" Ada.{number}@Example.COM ", f"ada.{number}@example.com"
    if name in FLAGS:
        return ("true", 1) if number % 2 else ("false", 0)
    if kind == "JSON":
        return [{"id": "1", "name": "North", "primary": True}], [
            {"id": "1", "name": "North", "primary": True}
        ]
    if kind == "Boolean":
        return "true", True
    if kind == "DateTime":
        return f"{second:%Y-%m-%dT%H:%M:%S}.130Z", second
    if kind in ("Integer", "BigInteger"):
        return str(1000 + number), 1000 + number
    if kind.startswith("Decimal"):
        return f"{number}.5", Decimal(f"{number}.50")
    text = f"https://example.com/{number}" if kind.startswith("URL") else f"{number}: é, Ω"
    return text, text


def envelope(properties, number=501, **more):
    """A record of an object as HubSpot sends it."""
    moment = "2025-03-04T10:11:12.130Z"
    return {
        "id": str(number),
        "properties": properties,
        "createdAt": "2025-01-01T00:00:00Z",
        "updatedAt": moment,
        "archived": False,
        **more,
    }


def full(table):
    """A record with every property of a table, and the row that it must become."""
    sent, row = {}, {}
    for number, (name, kind) in enumerate(types(table).items()):
        sent[name], row[RENAMED.get(name, name)] = sample(name, kind, number)
    row |= {"id": "501", "archived": False, "extra": {}}
    return ({"id": "501", "archived": False, **sent} if table is OWNER else envelope(sent)), row


def process(processor, *records):
    return processor().process_batch(records)


def row_of(processor, **properties):
    """The row and the warnings of a record that has these properties."""
    batch = process(processor, envelope(properties))
    assert not batch.rejected
    [row] = batch.rows
    return row, {each.field: each.code for warning in batch.warnings for each in warning.errors}


def contact(**properties):
    return row_of(HubSpotContactProcessor, **properties)


# Tables, columns and the migration


@entities
def test_columns_and_their_types_are_those_of_the_table(processor, table, name):
    columns = {
        field.name: described(field)
        for field in processor.model._meta.concrete_fields
        if field.name not in FRAMEWORK_COLUMNS | {"id", "archived"}
    }

    assert columns == {RENAMED.get(api, api): kind for api, kind in types(table).items()}


@entities
def test_table_is_named_and_keyed_by_the_id_of_the_envelope(processor, table, name):
    model = processor.model
    key = model._meta.pk

    assert issubclass(model, SourceModel)
    assert model._meta.db_table == f"ingestion_hubspot_{name}"
    assert (key.name, described(key)) == ("id", "Char(50)")
    assert processor().key_fields == ("id",)


@entities
def test_only_the_key_and_archived_refuse_null(processor, table, name):
    fields = processor.model._meta.concrete_fields

    assert {field.name for field in fields if not field.null} - FRAMEWORK_COLUMNS == {"id", "archived"}


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (
            HubSpotContact,
            "email phone lastmodifieddate createdate division marketsharp_id lead_prospect_id lead_status "
            "lead_division",
        ),
        (HubSpotCompany, "name domain hubspot_owner_id hs_lastmodifieddate"),
        (HubSpotDeal, "pipeline dealstage hubspot_owner_id closedate hs_lastmodifieddate"),
        (HubSpotOwner, "email"),
    ],
)
def test_what_people_look_for_is_indexed(model, columns):
    assert [index.fields for index in model._meta.indexes] == [[name] for name in columns.split()]


def test_migration_equals_the_models():
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))

    assert detector.changes(loader.graph, trim_to_apps={"ingestion_hubspot"}) == {}
    assert [name for app, name in loader.disk_migrations if app == "ingestion_hubspot"] == ["0001_initial"]


def test_check_finds_nothing():
    assert checks.run_checks() == []


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (HubSpotContact(id="1", email="ada@example.com"), "ada@example.com"),
        (HubSpotContact(id="1"), "1"),
        (HubSpotCompany(id="2", name="Engines"), "Engines"),
        (HubSpotCompany(id="2"), "2"),
        (HubSpotDeal(id="3", deal_name="Roof"), "Roof"),
        (HubSpotDeal(id="3"), "3"),
        (HubSpotOwner(id="4", email="bob@example.com"), "bob@example.com"),
        (HubSpotOwner(id="4"), "4"),
    ],
)
def test_row_is_shown_by_its_name_or_else_its_key(row, text):
    assert str(row) == text


@entities
def test_every_database_holds_a_full_row_and_the_widest_one(database, processor, table, name):
    [row] = process(processor, full(table)[0]).rows
    wide = {
        field.name: "Ω" * field.max_length
        for field in processor.model._meta.concrete_fields
        if isinstance(field, models.CharField)
    }
    manager = processor.model.objects.using(database)
    manager.create(**row)
    manager.create(**wide)

    assert manager.filter(id="501").values(*row).get() == row
    assert manager.filter(id="Ω" * 50).values(*wide).get() == wide


# Every property reaches its column


@entities
def test_every_property_of_a_record_reaches_its_column(processor, table, name):
    record, expected = full(table)
    processor = processor()
    batch = processor.process_batch([record])

    assert batch.rejected == batch.warnings == []
    assert batch.rows == [expected]
    assert processor.drift() == {"absent": [], "unknown": []}


@entities
def test_record_with_all_properties_null_is_a_row_of_nulls(processor, table, name):
    record, expected = full(table)
    nulls = dict.fromkeys(types(table))
    batch = process(processor, record | (nulls if table is OWNER else {"properties": nulls}))

    assert batch.rejected == batch.warnings == []
    assert batch.rows == [dict.fromkeys(expected) | {"id": "501", "archived": False, "extra": {}}]


@entities
def test_cleared_property_is_null_in_every_type(processor, table, name):
    record, _ = full(table)
    blank = {name: "" for name, kind in types(table).items() if kind != "JSON"}
    batch = process(processor, record | (blank if table is OWNER else {"properties": blank}))

    assert batch.rejected == batch.warnings == []
    assert {batch.rows[0][RENAMED.get(name, name)] for name in blank} == {None}


def test_property_that_no_record_has_leaves_its_column_as_it_is():
    row, _ = contact(firstname="Ada")

    assert row.keys() == {"id", "archived", "firstname", "extra"}


@objects
def test_properties_to_ask_for_are_those_of_the_table_sorted(processor, table, name):
    assert processor.properties() == tuple(sorted(types(table)))


def test_owner_has_no_properties_to_ask_for():
    assert HubSpotOwnerProcessor.properties() == ()


def test_merged_ids_are_asked_for_even_without_a_column_of_their_own():
    class Slim(HubSpotDealProcessor):
        exclude = ("hs_merged_object_ids", "description")

    assert "hs_merged_object_ids" in Slim.properties()
    assert "description" not in Slim.properties()


def test_local_field_is_not_asked_for():
    class Annotated(HubSpotDealProcessor):
        local_fields = ("priority",)

    assert "priority" not in Annotated.properties()


@pytest.mark.parametrize(
    ("processor", "column"),
    [
        (HubSpotContactProcessor, "lastmodifieddate"),
        (HubSpotCompanyProcessor, "hs_lastmodifieddate"),
        (HubSpotDealProcessor, "hs_lastmodifieddate"),
        (HubSpotOwnerProcessor, "updated_at"),
    ],
)
def test_time_of_last_change_is_declared(processor, column):
    assert processor.timestamp_field == column


def test_newer_of_two_versions_of_a_contact_wins_by_its_own_timestamp():
    new = envelope({"firstname": "new", "lastmodifieddate": "2025-03-05T00:00:00Z"})
    old = envelope({"firstname": "old", "lastmodifieddate": "2025-03-04T23:59:59.999Z"})
    batch = process(HubSpotContactProcessor, new, old)

    assert [row["firstname"] for row in batch.rows] == ["new"]


def test_every_flag_and_every_time_of_a_custom_property_is_declared():
    own = ("hs_", "notes_", "createdate", "lastmodifieddate")
    said = {"lead_cwp_client", "lead_invalid_address", "lead_with_dm", "hs_registered_member"}
    said |= {"hs_membership_has_accessed_private_content"}

    assert set(FLAGS) == {*re.findall(r"\w+_is_\w+", CONTACT["Integer"]), *said}
    assert set(MOMENTS) == {each for each in CONTACT["DateTime"].split() if not each.startswith(own)}


# What stands beside the properties


def test_unknown_property_lands_in_extra():
    row, warnings = contact(firstname="Ada", favourite_colour="green", shoe_size="39")

    assert row["extra"] == {"properties": {"favourite_colour": "green", "shoe_size": "39"}}
    assert warnings == {}


def test_unknown_member_lands_in_extra_but_the_repeated_times_do_not():
    record = envelope({"dealname": "Roof"}, url="https://app.hubspot.com/1", objectWriteTraceId="t1")
    [row] = process(HubSpotDealProcessor, record).rows

    assert row["extra"] == {"objectWriteTraceId": "t1"}


def test_owner_without_user_keeps_the_former_one_in_extra():
    record = {"id": "7", "email": "", "userId": None, "userIdIncludingInactive": 42, "archived": False}
    [row] = process(HubSpotOwnerProcessor, record).rows

    assert (row["user_id"], row["email"], row["extra"]) == (None, None, {"userIdIncludingInactive": 42})


def test_contact_ignores_the_timestamp_that_hubspot_leaves_empty_there():
    row, _ = contact(hs_lastmodifieddate=None, lastmodifieddate="2025-03-04T10:11:12Z")

    assert row["lastmodifieddate"] == datetime(2025, 3, 4, 10, 11, 12, tzinfo=UTC)


@objects
def test_archived_record_is_a_tombstone_with_its_time(processor, table, name):
    cursor = processor.timestamp_field
    record = envelope({cursor: "2025-03-04T10:11:12Z"}, archived=True, archivedAt="2025-03-05T00:00:00Z")
    batch = process(processor, record)

    assert batch.rows == batch.rejected == []
    assert batch.tombstones == [Tombstone(("501",), 0, datetime(2025, 3, 4, 10, 11, 12, tzinfo=UTC))]


def test_archived_owner_is_a_tombstone():
    record = {"id": "7", "updatedAt": "2025-03-04T10:11:12Z", "archived": True}
    batch = process(HubSpotOwnerProcessor, record)

    assert [stone.key for stone in batch.tombstones] == [("7",)]


@objects
def test_merged_records_go_when_the_one_that_replaces_them_comes(processor, table, name):
    record = envelope({"hs_merged_object_ids": "41;42"}, number=43)
    batch = process(processor, record)

    assert processor.merged == "properties.hs_merged_object_ids"
    assert [row["hs_merged_object_ids"] for row in batch.rows] == ["41;42"]
    assert [stone.key for stone in batch.tombstones] == [("41",), ("42",)]


def test_owner_is_never_merged():
    assert HubSpotOwnerProcessor.merged is None
    assert HubSpotOwnerProcessor.tombstone == HubSpotProcessor.tombstone == "archived"


# Keys and numbers


@pytest.mark.parametrize("number", [str(BEYOND_FLOAT), BEYOND_FLOAT, str(2**63), "9" * 50])
def test_great_id_keeps_every_digit(number):
    [row] = process(HubSpotDealProcessor, envelope({}) | {"id": number}).rows

    assert row["id"] == str(number)


@pytest.mark.parametrize(
    ("number", "code"),
    [(None, "required"), ("", "required"), ("9" * 51, "too_long"), (9.007199254740993e15, "invalid")],
)
def test_record_without_a_whole_id_is_rejected_and_never_cut(number, code):
    batch = process(HubSpotDealProcessor, envelope({}) | {"id": number})
    [error] = batch.rejected

    assert batch.rows == []
    assert [(each.field, each.code) for each in error.errors] == [("id", code)]


def test_great_number_in_a_property_keeps_every_digit():
    row, _ = contact(lead_id=str(BEYOND_FLOAT), hs_object_id=str(2**70), lead_prospect_id=str(2**63 - 1))

    assert (row["lead_id"], row["hs_object_id"]) == (BEYOND_FLOAT, str(2**70))
    assert row["lead_prospect_id"] == 2**63 - 1


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1234.5", "1234.50"), ("1,234.50", "1234.50"), ("1E+7", "10000000.00"), ("-3", "-3.00")],
)
def test_decimal_is_exact(text, amount):
    row, warnings = row_of(HubSpotDealProcessor, amount=text)

    assert (str(row["amount"]), warnings) == (amount, {})


@pytest.mark.parametrize(
    ("text", "code"),
    [("call for price", "invalid"), ("NaN", "invalid"), ("1.234,50", "ambiguous"), ("1E+20", "out_of_range")],
)
def test_decimal_that_cannot_be_read_is_null_with_a_warning_that_keeps_the_record(text, code):
    record = envelope({"amount": text, "dealname": "Roof"})
    batch = process(HubSpotDealProcessor, record)
    [warning] = batch.warnings

    assert (batch.rows[0]["amount"], batch.rows[0]["deal_name"]) == (None, "Roof")
    assert [(each.field, each.source, each.code, each.value) for each in warning.errors] == [
        ("amount", "properties.amount", code, text)
    ]
    assert (warning.key, warning.record) == (("501",), record)


def test_decimal_with_more_places_than_the_column_is_rounded_with_a_warning():
    assert row_of(HubSpotDealProcessor, amount="10.005") == (
        {"id": "501", "archived": False, "amount": Decimal("10.00"), "extra": {}},
        {"amount": "rounded"},
    )


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("7.0", 7), (" 7 ", 7), (7, 7)])
def test_whole_number_is_read_however_it_is_written(text, number):
    assert contact(num_notes=text)[0]["num_notes"] == number


@pytest.mark.parametrize(
    ("text", "code"), [("7.5", "invalid"), ("many", "invalid"), (str(2**31), "out_of_range")]
)
def test_number_that_is_not_whole_or_too_great_is_null_with_a_warning(text, code):
    row, warnings = contact(num_notes=text)

    assert (row["num_notes"], warnings) == (None, {"num_notes": code})


# Flags


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("true", 1),
        ("false", 0),
        ("True", 1),
        (" FALSE ", 0),
        ("Yes", 1),
        ("No", 0),
        ("1", 1),
        ("0", 0),
        (True, 1),
        (False, 0),
        (1, 1),
        (0, 0),
        ("2", 2),
        ("1.0", 1),
    ],
)
def test_flag_takes_checkboxes_and_numbers(value, kept):
    row, warnings = contact(**dict.fromkeys(FLAGS, value))

    assert {(row[name], type(row[name])) for name in FLAGS} == {(kept, int)}
    assert warnings == {}


def test_flag_that_is_neither_is_null_with_a_warning():
    row, warnings = contact(lead_is_dnc="maybe")

    assert (row["lead_is_dnc"], warnings) == (None, {"lead_is_dnc": "invalid"})


@pytest.mark.parametrize("value", ["maybe", 3, 2.5, None, ""])
def test_flag_leaves_alone_what_is_none(value):
    assert flag(value) is value


@pytest.mark.parametrize(
    ("text", "kept"), [("true", True), ("false", False), ("Yes", True), ("No", False), ("", None)]
)
def test_boolean_property_takes_the_old_spelling_too(text, kept):
    assert contact(hs_is_unworked=text) == (
        {"id": "501", "archived": False, "hs_is_unworked": kept, "extra": {}},
        {},
    )


# Times

NOON = datetime(2025, 7, 4, 19, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-07-04T19:05:00Z", NOON),
        ("2025-07-04T19:05:00.000Z", NOON),
        ("2025-07-04T19:05:00.123Z", NOON.replace(microsecond=123_000)),
        ("2025-07-04T15:05:00-04:00", NOON),
        (str(int(NOON.timestamp() * 1000)), NOON),
        (int(NOON.timestamp() * 1000), NOON),
        ("2025-07-04", datetime(2025, 7, 4, tzinfo=UTC)),
    ],
)
def test_time_is_read_as_iso_or_milliseconds(text, moment):
    names = CONTACT["DateTime"].split()
    row, warnings = contact(**dict.fromkeys(names, text))

    assert {row[name] for name in names} == {moment}
    assert warnings == {}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("7/4/25 3:05 PM EDT", NOON),
        ("07/04/25 03:05 PM EDT", NOON),
        (" 7/4/25 3:05 pm edt ", NOON),
        ("7/4/25 2:05 PM CDT", NOON),
        ("7/4/25 1:05 PM MDT", NOON),
        ("7/4/25 12:05 PM PDT", NOON),
        ("12/31/24 11:30 PM EST", datetime(2025, 1, 1, 4, 30, tzinfo=UTC)),
        ("1/1/25 12:00 AM CST", datetime(2025, 1, 1, 6, 0, tzinfo=UTC)),
        ("1/1/25 12:00 AM MST", datetime(2025, 1, 1, 7, 0, tzinfo=UTC)),
        ("1/1/25 12:00 AM PST", datetime(2025, 1, 1, 8, 0, tzinfo=UTC)),
    ],
)
def test_custom_time_is_read_as_a_person_writes_it(text, moment):
    row, warnings = contact(**dict.fromkeys(MOMENTS, text))

    assert {row[name] for name in MOMENTS} == {moment}
    assert warnings == {}


@pytest.mark.parametrize(
    "text",
    ["7/4/25 3:05 PM", "4.7.25 15:05 EDT", "13/13/25 3:05 PM EDT", "7/4/25 3:05 PM ABC", "EDT", "soon"],
)
def test_custom_time_of_another_form_is_null_with_a_warning(text):
    row, warnings = contact(lead_dead_on=text)

    assert (row["lead_dead_on"], warnings) == (None, {"lead_dead_on": "invalid"})


def test_text_of_a_time_in_a_text_column_stays_as_it_is():
    row, _ = contact(lead_copied_from_on="7/4/25 3:05 PM EDT")

    assert row["lead_copied_from_on"] == "7/4/25 3:05 PM EDT"


@pytest.mark.parametrize("value", ["2025-07-04T19:05:00Z", "1751655900000", 1751655900000, None])
def test_moment_leaves_alone_what_is_in_another_form(value):
    assert us_moment(value) is value


def test_bad_time_of_last_change_does_not_cost_the_record():
    row, warnings = row_of(HubSpotCompanyProcessor, name="Engines", hs_lastmodifieddate="yesterday")

    assert (row["name"], row["hs_lastmodifieddate"]) == ("Engines", None)
    assert warnings == {"hs_lastmodifieddate": "invalid"}


# Texts


@pytest.mark.parametrize("text", ["null", "Null", "NULL", " null ", "", "  "])
def test_email_that_says_null_is_null(text):
    assert contact(email=text) == ({"id": "501", "archived": False, "email": None, "extra": {}}, {})


@pytest.mark.parametrize("text", ["null", ""])
def test_email_of_an_owner_that_says_null_is_null(text):
    [row] = process(HubSpotOwnerProcessor, {"id": "7", "email": text, "archived": False}).rows

    assert row["email"] is None


@pytest.mark.parametrize("name", ["Null", "null"])
def test_person_may_be_called_null(name):
    assert contact(lastname=name)[0]["lastname"] == name


@pytest.mark.parametrize("text", ["nobody", "a@b", "a@example.com; b@example.com"])
def test_email_that_is_none_is_null_with_a_warning(text):
    row, warnings = contact(email=text, firstname="Ada")

    assert (row["email"], row["firstname"], warnings) == (None, "Ada", {"email": "invalid"})


@pytest.mark.parametrize(
    "text", ["(212) 555-0100", "+1 212 555 0100 ext. 1234", "212-555-0100 or 0101", "555-0100", "none"]
)
@pytest.mark.parametrize("name", ["phone", "lead_phone1", "prospect_phone1"])
def test_phone_number_stays_as_it_was_written(name, text):
    row, warnings = contact(**{name: text})

    assert (row[name], warnings) == (text, {})


@pytest.mark.parametrize(
    ("name", "length"),
    [("firstname", 255), ("state", 50), ("zip", 20), ("phone", 50), ("lead_address1", 500)],
)
def test_text_longer_than_its_column_is_cut_with_a_warning_that_keeps_the_record(name, length):
    long = "x" * (length + 1)
    batch = process(HubSpotContactProcessor, envelope({name: long}))
    [warning] = batch.warnings

    assert batch.rows[0][name] == "x" * length
    assert [(each.field, each.code) for each in warning.errors] == [(name, "too_long")]
    assert warning.record["properties"][name] == long


def test_long_text_has_room_without_a_limit():
    row, warnings = contact(comments="x" * 65_536)

    assert (len(row["comments"]), warnings) == (65_536, {})


def test_several_choices_stay_one_text():
    assert (
        contact(service_of_interest="roof;siding; windows")[0]["service_of_interest"]
        == "roof;siding; windows"
    )


@pytest.mark.parametrize("text", ["example.com", "www.example.com/about", "https://example.com"])
def test_website_of_a_company_needs_no_scheme(text):
    row, warnings = row_of(HubSpotCompanyProcessor, website=text)

    assert (row["website"], warnings) == (text, {})


def test_address_that_is_none_is_null_with_a_warning():
    row, warnings = contact(trustedform_cert_url="no certificate")

    assert (row["trustedform_cert_url"], warnings) == (None, {"trustedform_cert_url": "invalid"})


def test_one_bad_record_does_not_touch_the_others_of_its_batch():
    good, bad = envelope({"dealname": "Roof"}, number=1), envelope({"dealname": "a\0b"}, number=2)
    batch = process(HubSpotDealProcessor, good, bad | {"id": None})

    assert [row["id"] for row in batch.rows] == ["1"]
    assert len(batch.rejected) == 1


def test_field_map_in_the_readme_is_the_mapping():
    readme = (Path(hubspot.__file__).parent / "README.md").read_text()
    shown = readme.partition("<!-- fields -->")[2].partition("<!-- /fields -->")[0]

    assert shown.strip() == field_map("hubspot").strip()
