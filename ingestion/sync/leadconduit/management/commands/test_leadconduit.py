from ingestion.base.commands import connection_test
from ingestion.sync.leadconduit.clients import LeadConduitClient

Command = connection_test(LeadConduitClient, "flows")
