from ingestion.base.commands import connection_test
from ingestion.sync.salesrabbit.clients import SalesRabbitClient

Command = connection_test(SalesRabbitClient, "statuses")
