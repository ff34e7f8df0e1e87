"""How Genius writes values that a column's type alone does not tell how to read, and its rules."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_duration

from ingestion.base.rules import BusinessRuleValidator

MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_of_day(value: Any) -> Any:
    """A TIME of MySQL's, which is a length from -838 to 838 hours: whole days are taken off it.

    Raises ValueError for a text that is no TIME.
    """
    if isinstance(value, str):
        length = parse_duration(value.strip())
        if length is None:
            raise ValueError(value)
        value = length
    if isinstance(value, timedelta):
        return (MIDNIGHT + value % DAY).time()
    return value.replace(tzinfo=None) if isinstance(value, time) else value


def not_the_epoch(value: Any) -> Any:
    """A time; 1970-01-01 in any zone says that there is none."""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    if not isinstance(moment, datetime):
        return value
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None if abs(aware - EPOCH) <= DAY else value


class GeniusJobRules(BusinessRuleValidator):
    """What must be true of a job."""

    def validate_id(self, row: Mapping[str, Any]) -> None:
        """0 is no job."""
        if row.get("id") == 0:
            raise ValidationError({"id": "A job has an id above 0."})


class GeniusIntegrationFieldRules(BusinessRuleValidator):
    """What must be true of a setting of an integration."""

    def validate_owner(self, row: Mapping[str, Any]) -> None:
        """It is of a user or of a division."""
        if (row.get("user_id") is None) == (row.get("division_id") is None):
            raise ValidationError({"user_id": "Exactly one of user_id and division_id must be set."})
