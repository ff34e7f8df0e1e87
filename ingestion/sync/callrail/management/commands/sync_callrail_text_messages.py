from ingestion.base.commands import alias

Command = alias("callrail", "text_messages")
