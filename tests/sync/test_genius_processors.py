"""What becomes of Genius's values that are not what they seem."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from ingestion.sync.genius import processors
from ingestion.sync.genius.validators import not_the_epoch, time_of_day


def row_of(processor, **record):
    made = processor()
    batch = made.process_batch([record])
    rows = list(batch.rows)
    return dict(rows[0]) if rows else batch.rejected[0]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (timedelta(hours=9, minutes=30), time(9, 30)),
        (timedelta(hours=25), time(1)),
        (timedelta(hours=-1), time(23)),
        (timedelta(hours=838, minutes=59, seconds=59), time(22, 59, 59)),
        ("26:15:00", time(2, 15)),
        ("-01:00:00", time(23)),
        ("09:30:00", time(9, 30)),
        (time(9, 30), time(9, 30)),
    ],
)
def test_a_time_of_day_lies_within_a_day(given, kept):
    assert time_of_day(given) == kept


def test_a_text_that_is_no_time_is_refused():
    with pytest.raises(ValueError, match="noon"):
        time_of_day("noon")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("1970-01-01 00:00:00", None),
        ("1970-01-01 08:00:00Z", None),
        (datetime(1970, 1, 1, 8, tzinfo=UTC), None),
        ("1969-12-31 16:00:00", None),
        ("2025-03-01 10:00:00", "2025-03-01 10:00:00"),
        (datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)),
        ("soon", "soon"),
    ],
)
def test_the_beginning_of_unix_time_is_none(given, kept):
    assert not_the_epoch(given) == kept


def test_defaults_stand_in_for_null():
    outcome = row_of(processors.GeniusAppointmentOutcomeTypeProcessor, id=1, sort_idx=None)
    job = row_of(
        processors.GeniusJobProcessor, id=1, prospect_id=0, division_id=2, add_user_id=3, service_id=None
    )
    quote = row_of(
        processors.GeniusQuoteProcessor,
        id=1,
        prospect_id=0,
        service_id=None,
        status_id=None,
        add_user_id=None,
    )

    assert outcome["sort_idx"] == 999
    assert (job["service_id"], job["prospect_id"]) == (8, 0)
    assert (quote["service_id"], quote["status_id"], quote["add_user_id"]) == (1, 1, 1)


def test_a_job_with_the_id_0_is_rejected():
    error = row_of(
        processors.GeniusJobProcessor, id=0, prospect_id=1, division_id=2, add_user_id=3, service_id=4
    )

    assert [each.field for each in error.errors] == ["id"]


@pytest.mark.parametrize(
    ("user", "division", "good"), [(1, None, True), (None, 1, True), (1, 1, False), (None, None, False)]
)
def test_a_setting_belongs_to_a_user_or_a_division(user, division, good):
    found = row_of(
        processors.GeniusIntegrationFieldProcessor, id=1, definition_id=1, user_id=user, division_id=division
    )

    assert isinstance(found, dict) is good


def test_a_long_text_is_cut_but_never_a_key():
    prospect = row_of(
        processors.GeniusProspectProcessor, id=0, division_id=1, add_user_id=1, state="California"
    )
    mapped = row_of(processors.GeniusMarketSharpMarketingSourceMapProcessor, marketsharp_id="x" * 129)

    assert (prospect["id"], prospect["state"]) == (0, "Ca")
    assert [each.field for each in mapped.errors] == ["marketsharp_id"]


def test_references_without_id_in_their_name_are_read():
    lead = row_of(
        processors.GeniusLeadProcessor,
        lead_id=7,
        division=3,
        added_by=4,
        marketing_source=5,
        dead_by=None,
        zip="94105",
    )

    assert (lead["division_id"], lead["added_by_id"], lead["marketing_source_id"], lead["dead_by_id"]) == (
        3,
        4,
        5,
        None,
    )


def test_an_appointment_keeps_its_time_of_day_and_its_length():
    row = row_of(
        processors.GeniusAppointmentProcessor,
        **{"id": 1, "prospect_id": 2, "type_id": 1, "add_user_id": 1, "date": date(2025, 3, 1)},
        **{"time": timedelta(hours=26), "duration": timedelta(hours=26), "spouses_present": None},
    )

    assert (row["time"], row["duration"], row["spouses_present"]) == (time(2), timedelta(hours=26), 0)
