"""What SalesRabbit's records become.

Its names are those of the columns in camelCase. Empty texts mean that there is nothing. Addresses and
coordinates come flat, or within `address` and `coordinates`. A text longer than its column is cut, an e-mail
address or a time that cannot be read becomes null; both leave a warning with the record as it came.
"""

from django.db import models

from ingestion.base.fields import Conventions, Field
from ingestion.base.mapping import mappable
from ingestion.base.processor import BaseProcessor
from ingestion.sync.salesrabbit.models import SalesRabbitLead, SalesRabbitLeadStatusHistory, SalesRabbitUser
from ingestion.sync.salesrabbit.validators import camel, filled

Sources = dict[str, str | tuple[str, ...] | Field]

ADDRESS = ("street1", "street2", "city", "state", "zip", "country")
COORDINATES = ("latitude", "longitude")


def camel_names(model: type[models.Model]) -> Sources:
    """Every column from its name in camelCase."""
    return {name: camel(name) for name in mappable(model)}


def within(place: str, names: tuple[str, ...]) -> Sources:
    """Names that stand in the record itself, or in an object of it."""
    return {name: (name, f"{place}.{name}") for name in names}


class SalesRabbitProcessor(BaseProcessor):
    """What the entities have in common."""

    timestamp_field = "date_modified"
    conventions = Conventions(too_long="cut")


class SalesRabbitLeadProcessor(SalesRabbitProcessor):
    """Leads. Empty objects come as lists, which is how PHP writes them."""

    model = SalesRabbitLead
    tombstone = "deletedAt"
    fields = {
        **camel_names(SalesRabbitLead),
        **within("address", ADDRESS),
        **within("coordinates", COORDINATES),
        **{name: Field(camel(name), filled) for name in ("custom_fields", "integration_data", "files")},
    }


class SalesRabbitUserProcessor(SalesRabbitProcessor):
    """Users."""

    model = SalesRabbitUser
    fields = {
        **camel_names(SalesRabbitUser),
        "photo_url": ("photo_url", "photoUrl"),
        "external_ids": Field("externalIds", filled),
    }


class SalesRabbitLeadStatusHistoryProcessor(SalesRabbitProcessor):
    """Changes of status. `id` is the status's: an entry is known by its lead and its time."""

    model = SalesRabbitLeadStatusHistory
    key = ("lead_id", "status_updated")
    timestamp_field = "lead_modified"
    fields = {**camel_names(SalesRabbitLeadStatusHistory), "status_id": "id"}
