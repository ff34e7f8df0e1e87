"""Where HubSpot's entities come from."""

from dataclasses import replace
from datetime import timedelta

from ingestion.base.datasource import Resource
from ingestion.base.files import FILE
from ingestion.base.github import RepositoryFile
from ingestion.base.plan import SWEEP
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.sync.hubspot.clients import HubSpotClient
from ingestion.sync.hubspot.processors import (
    HubSpotCompanyProcessor,
    HubSpotContactProcessor,
    HubSpotDealProcessor,
    HubSpotOwnerProcessor,
    HubSpotProcessor,
    HubSpotZipCodeProcessor,
)


def crm_object(name: str, processor: type[HubSpotProcessor], cursor: str) -> Resource:
    """An object type: its change property, and the properties that its mapping needs.

    The search index shows a change after a short while: windows end a minute before now.
    """
    options = {"cursor": cursor, "properties": processor.properties()}
    return Resource(name, cursor=f"properties.{cursor}", lag=timedelta(minutes=1), options=options)


class HubSpotSyncEngine(BaseSyncEngine):
    """What the portal's entities share.

    Associations, merges seen from the loser and GDPR deletes move no cursor: a full compare every week finds
    them. The index may be late by more than its lag: each delta goes back an hour.
    """

    crm_source = "hubspot"
    client_class = HubSpotClient
    deletes = "sweep"
    overlap = timedelta(hours=1)
    delta_misses_changes = True


class HubSpotOwnerSyncEngine(HubSpotSyncEngine):
    """Users and queues that records belong to; the list is short and is read whole."""

    sync_type = "owners"
    resource = Resource("owners")
    processor_class = HubSpotOwnerProcessor


class HubSpotCompanySyncEngine(HubSpotSyncEngine):
    """Companies."""

    sync_type = "companies"
    resource = crm_object("companies", HubSpotCompanyProcessor, "hs_lastmodifieddate")
    processor_class = HubSpotCompanyProcessor
    after = ("owners",)


class HubSpotContactSyncEngine(HubSpotSyncEngine):
    """Contacts: the one object whose change property is `lastmodifieddate`."""

    sync_type = "contacts"
    resource = crm_object("contacts", HubSpotContactProcessor, "lastmodifieddate")
    processor_class = HubSpotContactProcessor
    after = ("owners",)


class HubSpotDealSyncEngine(HubSpotSyncEngine):
    """Deals."""

    sync_type = "deals"
    resource = crm_object("deals", HubSpotDealProcessor, "hs_lastmodifieddate")
    processor_class = HubSpotDealProcessor
    after = ("contacts", "companies")


class HubSpotZipCodeSyncEngine(BaseSyncEngine):
    """ZIP codes from a file, or from a GitHub repository; `--sweep` makes the file the whole truth."""

    crm_source = "hubspot"
    sync_type = "zipcodes"
    resource = Resource("zipcodes", options={"header": str.lower, "repository": "ZIPCODES"})
    client_class = RepositoryFile
    processor_class = HubSpotZipCodeProcessor
    options = (replace(FILE, required=False), SWEEP)
    optional = True
