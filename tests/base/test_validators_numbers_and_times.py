"""Numbers keep their digits, times their zone."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import models

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.fields import Conventions, Field
from tests.base.outcomes import changed, kept, outcome, refused

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
NEW_YORK = Conventions(time_zone=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("raw", "text"),
    [("5", "5.00"), (5, "5.00"), (0.1, "0.10"), ("1e3", "1000.00"), ("-.5", "-0.50"), ("+5.", "5.00")],
)
def test_decimal_has_exactly_the_declared_places(raw, text):
    assert str(outcome(raw, models.DecimalField(max_digits=12, decimal_places=2))[-1]) == text


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ("0.125", changed("rounded", Decimal("0.12"))),
        ("0.135", changed("rounded", Decimal("0.14"))),
        (2.675, changed("rounded", Decimal("2.68"))),
        ("9.999", refused("out_of_range")),
        ("9.99", kept(Decimal("9.99"))),
        ("1E-500", changed("rounded", Decimal("0.00"))),
        (Decimal("1E+999999999"), refused("out_of_range")),
        ("9" * 5000, refused("out_of_range")),
        ("1,23,456", refused("ambiguous")),
        ("0,123", refused("ambiguous")),
        ("1 234", refused("invalid")),
        ("--5", refused("invalid")),
        ("5-", refused("invalid")),
        ("(5)", refused("invalid")),
        ("0x10", refused("invalid")),
        (".", refused("invalid")),
    ],
)
def test_decimal_is_rounded_half_to_even_and_never_beyond_its_digits(raw, result):
    assert outcome(raw, models.DecimalField(max_digits=3, decimal_places=2)) == result


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (2**31 - 1, kept(2**31 - 1)),
        (2**31, refused("out_of_range")),
        (-(2**31) - 1, refused("out_of_range")),
        ("5.0", kept(5)),
        ("5.5", refused("invalid")),
        (Decimal("1E+999999999"), refused("out_of_range")),
        ("1e400", refused("out_of_range")),
    ],
)
def test_integer_keeps_to_whole_numbers_that_its_column_holds(raw, result):
    assert outcome(raw, models.IntegerField()) == result


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (1e308, kept(1e308)),
        ("1e-999", refused("inexact")),
        ("1e350", refused("out_of_range")),
        (10**350, refused("out_of_range")),
        (2**60, kept(2.0**60)),
        (Decimal("0.1"), kept(0.1)),
    ],
)
def test_float_never_loses_a_whole_number(raw, result):
    assert outcome(raw, models.FloatField()) == result


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ("2025-03-01T12:30Z", kept(datetime(2025, 3, 1, 12, 30, tzinfo=UTC))),
        ("20250301T123000Z", kept(datetime(2025, 3, 1, 12, 30, tzinfo=UTC))),
        ("2025-03-01t12:30:00z", kept(datetime(2025, 3, 1, 12, 30, tzinfo=UTC))),
        ("2025-03-01 12:30:00.123 UTC", kept(datetime(2025, 3, 1, 12, 30, 0, 123_000, UTC))),
        ("2025-03-01 12:30:00 -0500", kept(datetime(2025, 3, 1, 17, 30, tzinfo=UTC))),
        ("2025-03-01T12:30:00-05", kept(datetime(2025, 3, 1, 17, 30, tzinfo=UTC))),
        ("2025-03-01T12:30:00+00:00:30", kept(datetime(2025, 3, 1, 12, 29, 30, tzinfo=UTC))),
        ("2025-03-01T12:30:00.123456789Z", kept(datetime(2025, 3, 1, 12, 30, 0, 123_456, UTC))),
        ("1735689600.123456", kept(NEW_YEAR + timedelta(microseconds=123_456))),
        ("-1735689600", kept(datetime(1915, 1, 1, tzinfo=UTC))),
        (10**8, kept(datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC))),
        (10**8 - 1, refused("ambiguous")),
        (-62135596801, refused("out_of_range")),  # a second before the year 1
        (10**11 - 1, kept(datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC))),
        (10**11, kept(datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC))),
        (10**14 - 1, kept(datetime(5138, 11, 16, 9, 46, 39, 999_000, UTC))),
        (10**14, kept(datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC))),
        ("2025-03-01T12:30:00+25:00", refused("invalid")),
        ("2025-03-01T12:30:00 EST", refused("invalid")),
        ("2025-03-01T12", refused("invalid")),
        ("2025-03-01x12:30", refused("invalid")),
        ("2025-W01", refused("invalid")),
        ("2025-03", refused("invalid")),
        ("2025-3-1", refused("invalid")),
        ("２０２５-03-01", refused("invalid")),
        ("12:30", refused("invalid")),
        ("yesterday", refused("invalid")),
        ("0000-01-01", refused("invalid")),
        ("10000-01-01", refused("invalid")),
        ("0001-01-01T00:00:00+14:00", refused("out_of_range")),
        ("9999-12-31T23:59:59-14:00", refused("out_of_range")),
        ("9999-12-31T23:59:59Z", kept(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))),
        (20250301093000, refused("ambiguous")),
        (20250301093000.0, refused("ambiguous")),
        (202503010930, refused("ambiguous")),
        (10**17, refused("ambiguous")),
        (time(12), refused("invalid")),
    ],
)
def test_moment_is_read_as_it_was_meant_or_refused(raw, result):
    assert outcome(raw, models.DateTimeField()) == result


@pytest.mark.parametrize(
    ("raw", "utc"),
    [
        ("2025-01-15T12:00:00", "2025-01-15T17:00:00"),
        ("2025-07-15", "2025-07-15T04:00:00"),
        ("2025-11-02T01:30:00", "2025-11-02T05:30:00"),  # twice that day: the first, still in summer time
        ("2025-03-09T02:30:00", "2025-03-09T07:30:00"),  # not on any clock: half past three in summer time
        (
            datetime.fromisoformat("2025-11-02T01:30").replace(fold=1),
            "2025-11-02T06:30:00",
        ),  # the source says which of the two
        ("2025-01-15T12:00:00Z", "2025-01-15T12:00:00"),
    ],
)
def test_naive_time_takes_the_zone_of_the_source(raw, utc):
    assert outcome(raw, models.DateTimeField(), conventions=NEW_YORK)[-1].isoformat() == f"{utc}+00:00"


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ("2025-03-01T05:00:00Z", kept(date(2025, 3, 1))),
        ("2025-03-01T04:59:59Z", changed("time_dropped", date(2025, 2, 28))),
        ("2025-03-01T00:00:00", kept(date(2025, 3, 1))),
        ("2025-03-01", kept(date(2025, 3, 1))),
        (1740805200000, kept(date(2025, 3, 1))),
    ],
)
def test_date_of_a_moment_is_its_date_in_the_zone_of_the_source(raw, result):
    assert outcome(raw, models.DateField(), conventions=NEW_YORK) == result


@pytest.mark.parametrize(
    ("column", "raw", "formats", "result"),
    [
        (models.DateField, "01/02/2025", ("%m/%d/%Y",), kept(date(2025, 1, 2))),
        (models.DateField, "13/02/2025", ("%m/%d/%Y", "%d/%m/%Y"), kept(date(2025, 2, 13))),
        (models.DateTimeField, "2025-03-01", ("%Y-%d-%m",), kept(datetime(2025, 3, 1, tzinfo=UTC))),
        (
            models.DateTimeField,
            "3/1/25 3:05 PM",
            ("%m/%d/%y %I:%M %p",),
            kept(datetime(2025, 3, 1, 15, 5, tzinfo=UTC)),
        ),
        (
            models.DateTimeField,
            "20250301093000",
            ("%Y%m%d%H%M%S",),
            kept(datetime(2025, 3, 1, 9, 30, tzinfo=UTC)),
        ),
        (models.DateTimeField, "1735689600", ("%m/%d/%Y",), kept(NEW_YEAR)),
        (models.DateTimeField, "31/31/2025", ("%m/%d/%Y",), refused("invalid")),
        (models.TimeField, "3:05 PM", ("%I:%M %p",), kept(time(15, 5))),
    ],
)
def test_declared_formats_are_tried_after_iso_and_before_numbers(column, raw, formats, result):
    assert outcome(raw, column(), Field("x", formats=formats)) == result


def test_format_that_strptime_does_not_know_is_a_wrong_declaration():
    with pytest.raises(ConfigurationError, match="strptime"):
        outcome("2025", models.DateField(), Field("x", formats=("%Q",)))


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ("23:59", kept(time(23, 59))),
        ("23:59:59.5", kept(time(23, 59, 59, 500_000))),
        (timedelta(hours=9), kept(time(9))),
        (timedelta(hours=24), refused("invalid")),
        (time(9), kept(time(9))),
        (time(9, tzinfo=UTC), refused("invalid")),
        ("24:00", refused("invalid")),
        ("9:05", refused("invalid")),
        ("09:05Z", refused("invalid")),
        ("3:05 PM", refused("invalid")),
    ],
)
def test_time_of_day_has_no_zone(raw, result):
    assert outcome(raw, models.TimeField()) == result


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ("P1DT2H", kept(timedelta(days=1, hours=2))),
        ("2 days, 01:00:00", kept(timedelta(days=2, hours=1))),
        ("-01:00:00", kept(timedelta(hours=-1))),
        ("30:00:00", kept(timedelta(hours=30))),
        (90.5, kept(timedelta(seconds=90.5))),
        (timedelta(1), kept(timedelta(1))),
        ("12:30", refused("ambiguous")),
        ("12:61:00", refused("invalid")),
        ("P1Y", refused("invalid")),
        ("P", refused("invalid")),
        ("PT", refused("invalid")),
        ("1h", refused("invalid")),
        ("P99999999999D", refused("out_of_range")),
        (timedelta.max, refused("out_of_range")),
    ],
)
def test_duration_is_unambiguous_or_refused(raw, result):
    assert outcome(raw, models.DurationField()) == result


def test_integer_too_long_to_print_is_refused_as_text():
    assert outcome(10**5000, models.TextField()) == refused("out_of_range")
