from ingestion.base.commands import connection_test
from ingestion.sync.callrail.clients import CallRailClient

Command = connection_test(CallRailClient, "accounts")
