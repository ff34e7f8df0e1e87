from ingestion.base.commands import connection_test
from ingestion.sync.hubspot.clients import HubSpotClient

Command = connection_test(HubSpotClient, "portalId")
