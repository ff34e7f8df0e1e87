"""Arrivy's entities as tables.

A column is named as Arrivy names the member. Ids are texts: they have 16 digits, and programs that take them
for floating-point numbers change the last ones. Times are UTC; the text as it was entered stands in
`…_original_iso_str`.
"""

from ingestion.sync.arrivy.models.bookings import ArrivyBooking
from ingestion.sync.arrivy.models.people import ArrivyCustomer, ArrivyEntity, ArrivyGroup, ArrivyStatus
from ingestion.sync.arrivy.models.tasks import ArrivyTask

__all__ = ["ArrivyBooking", "ArrivyCustomer", "ArrivyEntity", "ArrivyGroup", "ArrivyStatus", "ArrivyTask"]
