"""Genius, read from databases like its own: every table, deltas, edits during a run, deletes, bad rows."""

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from django.core.management import call_command

from ingestion.base.exceptions import SafetyStop
from ingestion.base.plan import SyncPlan
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.registry import engines, get_engine, ordered
from ingestion.sync.genius import models
from ingestion.sync.genius.clients import GeniusDatabase
from ingestion.sync.genius.processors import SECRETS
from ingestion.sync.genius.sandbox import FakeGenius
from tests.databases import made

pytestmark = pytest.mark.django_db
LEADS = 60
NAMES = [name for _, name in engines("genius")]


@pytest.fixture(params=["sqlite", "mariadb"])
def genius(request, tmp_path, settings):
    """A small Genius on each kind of database, with the settings that point at it."""
    with made(request.param, tmp_path) as source:
        fake = FakeGenius(leads=LEADS, database=str(source.url).replace("mariadb://", "mysql://"))
        fake.make()
        settings.GENIUS_DB_URL = fake.database
        source.counts = fake.counts
        yield source


def sync(name, **flags):
    return get_engine("genius", name)().sync(SyncPlan(**flags))


def count(history):
    return tuple(
        getattr(history, f"records_{name}") for name in ("created", "updated", "unchanged", "failed")
    )


def now():
    """The time as Genius writes it: without a zone, in its own."""
    here = datetime.now(UTC).astimezone(GeniusDatabase.from_settings().zone)
    return here.strftime("%Y-%m-%d %H:%M:%S")


def test_every_table_arrives_whole(genius):
    call_command("db_genius_all", "--quiet")

    found = {name: get_engine("genius", name).processor_class.model.objects.count() for name in NAMES}
    assert found == {name: genius.counts[get_engine("genius", name).resource.name] for name in NAMES}
    assert set(SyncHistory.objects.values_list("status", flat=True)) == {"success"}
    assert RejectedRecord.objects.count() == 0


def test_oddities_become_what_they_mean(genius):
    genius.run(
        'UPDATE "lead" SET updated_at = ?, sourced_on = ? WHERE lead_id = 1',
        ("2025-07-01 12:00:00", "0000-00-00 00:00:00"),
    )
    genius.run(
        'UPDATE appointment SET "time" = ?, duration = ?, add_date = NULL, "date" = ? WHERE id = 1',
        ("26:00:00", "26:00:00", "2025-02-03"),
    )
    genius.run("UPDATE service SET is_lead_required = 1 WHERE id = 0")
    genius.run(
        "UPDATE quote SET job_id = 0, prospect_id = 0, service_id = 0, expire_date = ? WHERE id = 1",
        ("0000-00-00",),
    )
    genius.run("UPDATE prospect SET state = ? WHERE id = 0", ("California",))
    for name in ("leads", "appointments", "services", "quotes", "prospects", "appointment_services"):
        sync(name)

    lead, appointment = models.GeniusLead.objects.get(pk=1), models.GeniusAppointment.objects.get(pk=1)
    quote = models.GeniusQuote.objects.get(pk=1)
    assert (lead.updated_at, lead.sourced_on) == (datetime(2025, 7, 1, 19, tzinfo=UTC), None)
    assert (appointment.time, appointment.duration) == (time(2), timedelta(hours=26))
    assert appointment.add_date == datetime(2025, 2, 3, 8, tzinfo=UTC)
    assert models.GeniusService.objects.get(pk=0).is_lead_required is True
    assert (quote.job_id, quote.prospect_id, quote.service_id, quote.expire_date) == (None, 0, 0, None)
    assert models.GeniusProspect.objects.get(pk=0).state == "Ca"
    assert not models.GeniusAppointmentService.objects.filter(updated_at__year__lt=1990).exists()


def test_only_hubspots_ids_become_ids_of_hubspot(genius):
    genius.run(
        "UPDATE third_party_source SET third_party_source_type_id = 1, third_party_id = 77 WHERE id = 1"
    )
    genius.run(
        "UPDATE third_party_source SET third_party_source_type_id = 2, third_party_id = 88 WHERE id = 2"
    )
    genius.run("UPDATE prospect SET third_party_source_id = 1 WHERE id = 1")
    genius.run("UPDATE prospect SET third_party_source_id = 2 WHERE id = 2")
    genius.run("UPDATE appointment SET third_party_source_id = 1 WHERE id = 1")
    sync("prospects")
    sync("appointments")

    ids = dict(models.GeniusProspect.objects.filter(pk__in=[1, 2]).values_list("pk", "hubspot_contact_id"))
    assert ids == {1: 77, 2: None}
    assert models.GeniusAppointment.objects.get(pk=1).hubspot_appointment_id == 77


def test_a_users_first_account_is_found_through_the_association(genius):
    genius.run("UPDATE users_userassociations SET primary_user_id = 5 WHERE id = 2")
    genius.run("UPDATE user_data SET user_associations_id = 2 WHERE user_id = 3")
    call_command("db_genius_users", "--quiet")

    assert models.GeniusUserData.objects.get(pk=3).primary_user_id == 5
    assert SyncHistory.objects.get().sync_type == "user_data"


def test_secrets_are_neither_read_nor_stored(genius):
    canary = "canary-f1e2"
    genius.run("UPDATE division_group SET paysimple_secret = ?, mes_profile_key = ?", (canary, canary))
    sync("division_groups")

    rows = list(models.GeniusDivisionGroup.objects.values())
    assert canary not in str(rows)
    assert {row[name] for row in rows for name in SECRETS} == {None}


def test_a_delta_brings_what_changed_and_rows_without_a_time_of_change(genius):
    sync("leads")
    genius.run('UPDATE "lead" SET first_name = ?, updated_at = ? WHERE lead_id = 3', ("Changed", now()))
    genius.run(
        'UPDATE "lead" SET first_name = ?, updated_at = NULL, added_on = ? WHERE lead_id = 4', ("New", now())
    )
    history = sync("leads")

    assert history.configuration["strategy"] == "delta"
    assert history.records_updated == 2
    assert history.records_processed < LEADS
    names = models.GeniusLead.objects.filter(pk__in=[3, 4]).values_list("first_name", flat=True)
    assert set(names) == {"Changed", "New"}


def test_leads_of_one_moment_all_arrive_page_by_page(genius):
    genius.run('UPDATE "lead" SET updated_at = ?', ("2025-08-01 08:00:00",))
    sync("leads", batch_size=7)
    again = sync("leads", batch_size=7)

    assert models.GeniusLead.objects.count() == LEADS
    assert count(again) == (0, 0, LEADS, 0)


def test_a_row_changed_while_a_run_reads_comes_with_the_next_delta(genius):
    sync("leads")
    engine = get_engine("genius", "leads")()
    edited = []

    def edit(history, total):
        if not edited:
            edited.append(1)
            other = sa.create_engine(genius.url.replace("mysql:", "mysql+pymysql:"))
            with other.begin() as connection:
                lead = sa.table("lead", sa.column("lead_id"), sa.column("city"), sa.column("updated_at"))
                late = lead.update().where(lead.c.lead_id == 1).values(city="Late", updated_at=now())
                connection.execute(late)
            other.dispose()

    engine.progress = edit
    engine.sync(SyncPlan(full=True, batch_size=20))
    sync("leads")

    assert models.GeniusLead.objects.get(pk=1).city == "Late"


def test_a_row_that_is_gone_is_deleted_softly_after_a_full_read(genius):
    sync("leads")
    genius.run('DELETE FROM "lead" WHERE lead_id IN (5, 6)')
    history = sync("leads", full=True)

    assert history.records_deleted == 2
    assert not models.GeniusLead.objects.filter(pk__in=[5, 6]).exists()
    assert models.GeniusLead.all_objects.filter(pk__in=[5, 6]).count() == 2


def test_the_brake_holds_when_too_much_is_gone(genius):
    sync("leads")
    genius.run('DELETE FROM "lead" WHERE lead_id > 20')
    with pytest.raises(SafetyStop):
        sync("leads", full=True)

    assert models.GeniusLead.objects.count() == LEADS


def test_a_short_list_without_times_is_read_whole_and_only_changes_are_written(genius):
    sync("job_statuses")
    genius.run("UPDATE job_status SET label = ? WHERE id = 2", ("Waiting",))
    history = sync("job_statuses")

    assert count(history) == (0, 1, genius.counts["job_status"] - 1, 0)


def test_bad_rows_are_set_aside_with_their_reason(genius):
    genius.run("UPDATE integration_field SET user_id = NULL, division_id = NULL WHERE id = 1")
    genius.run("UPDATE prospect SET division_id = NULL WHERE id = 2")
    history, prospects = sync("integration_fields"), sync("prospects")

    assert (history.status, prospects.status) == ("partial", "partial")
    assert {(each.sync_type, str(each.key[0])) for each in RejectedRecord.objects.all()} == {
        ("integration_fields", "1"),
        ("prospects", "2"),
    }


def test_every_row_goes_to_its_parent_by_the_orm(genius):
    for name in ("divisions", "prospects", "appointments", "appointment_services"):
        sync(name)

    service = models.GeniusAppointmentService.objects.select_related(
        "appointment__prospect__division"
    ).first()
    assert service.appointment.prospect.division.pk == service.appointment.prospect.division_id


def test_the_order_of_a_run_of_all_puts_what_is_referred_to_first():
    place = {engine.sync_type: number for number, engine in enumerate(ordered("genius"))}

    assert len(place) == 30
    assert (
        place["division_groups"] < place["division_regions"] or place["division_regions"] < place["divisions"]
    )
    for earlier, later in [
        *(("division_regions", "divisions"), ("divisions", "user_data"), ("user_data", "leads")),
        *(("marketing_sources", "marketsharp_marketing_source_maps"), ("prospects", "prospect_sources")),
        *(
            ("appointment_outcome_types", "appointment_outcomes"),
            ("appointments", "quotes"),
            ("jobs", "job_financings"),
        ),
        *(("job_change_orders", "job_change_order_items"), ("job_change_order_types", "job_change_orders")),
        *(("integration_field_definitions", "integration_fields"), ("appointments", "appointment_services")),
    ]:
        assert place[earlier] < place[later]


@pytest.mark.parametrize(
    ("name", "cursor", "fallback"),
    [
        *[("leads", "updated_at", "added_on"), ("prospect_sources", "updated_at", "add_date")],
        *[
            ("marketing_source_types", "updated_at", "created_at"),
            ("appointment_services", "updated_at", "created_at"),
        ],
        *[("jobs", "updated_at", None), ("quotes", "updated_at", None), ("user_data", "updated_at", None)],
        *[
            ("job_statuses", None, None),
            ("appointment_outcome_types", None, None),
            ("division_regions", None, None),
        ],
    ],
)
def test_deltas_go_by_these_columns(name, cursor, fallback):
    table = get_engine("genius", name).resource

    assert (table.cursor, table.fallback) == (cursor, fallback)
