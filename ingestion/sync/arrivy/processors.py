"""What Arrivy's records become.

A time comes in UTC without an offset. A number, a time or an e-mail address that cannot be read becomes null,
and a text longer than its column is cut; both leave a warning with the record as it came. Phone numbers stay
as they were written.
"""

from typing import Any

from django.db import models

from ingestion.base.fields import Conventions, Field
from ingestion.base.processor import BaseProcessor
from ingestion.sync.arrivy.models import (
    ArrivyBooking,
    ArrivyCustomer,
    ArrivyEntity,
    ArrivyGroup,
    ArrivyStatus,
    ArrivyTask,
)
from ingestion.sync.arrivy.validators import clock, color, day, moment, name

Fields = dict[str, "str | tuple[str, ...] | Field"]


def usual(model: type[models.Model]) -> Fields:
    """The key, which is never cut, and the columns with times."""
    times: list[models.Field[Any, Any]] = [
        field
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.DateTimeField) and field.editable
    ]
    return {"id": Field("id", type="object_id"), **{each.name: Field(each.name, moment) for each in times}}


def work(model: type[models.Model], place: str) -> Fields:
    """What tasks and bookings have in common: day and time of day (UTC), where it is, and whose it is."""
    return {
        **usual(model),
        "start_date": Field("start_datetime", day),
        "start_time": Field("start_datetime", clock),
        "end_date": Field("end_datetime", day),
        "end_time": Field("end_datetime", clock),
        "latitude": f"{place}.lat",
        "longitude": f"{place}.lng",
        "group": Field("group", name),
        "group_id": ("group_id", "group.id"),
    }


class ArrivyProcessor(BaseProcessor):
    """What Arrivy's entities have in common; `updated` comes where the account shows it."""

    timestamp_field = "updated"
    conventions = Conventions(null_values=("",), too_long="cut")


class ArrivyEntityProcessor(ArrivyProcessor):
    """Team members; the last place where one was seen is kept as it came."""

    model = ArrivyEntity
    fields = {**usual(ArrivyEntity), "color": Field("color", color), "last_reading": "lastreading"}


class ArrivyGroupProcessor(ArrivyProcessor):
    """Divisions."""

    model = ArrivyGroup
    fields = usual(ArrivyGroup)


class ArrivyCustomerProcessor(ArrivyProcessor):
    """Customers."""

    model = ArrivyCustomer
    fields = usual(ArrivyCustomer)


class ArrivyTaskProcessor(ArrivyProcessor):
    """Tasks, with the place of the customer's address."""

    model = ArrivyTask
    fields = {**work(ArrivyTask, "customer_exact_location"), "mileage_data": "mileage"}


class ArrivyBookingProcessor(ArrivyProcessor):
    """Bookings."""

    model = ArrivyBooking
    fields = {
        **work(ArrivyBooking, "exact_location"),
        "title": ("title", "name"),
        "timezone": ("timezone", "time_zone"),
        "template_id": ("template_id", "template"),
    }


class ArrivyStatusProcessor(ArrivyProcessor):
    """Statuses, which have a title and rarely a name."""

    model = ArrivyStatus
    fields = {
        **usual(ArrivyStatus),
        "name": ("name", "title"),
        "status_type": "type",
        "color": Field("color", color),
    }
