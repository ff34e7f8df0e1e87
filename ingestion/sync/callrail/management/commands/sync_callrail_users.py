from ingestion.base.commands import alias

Command = alias("callrail", "users")
