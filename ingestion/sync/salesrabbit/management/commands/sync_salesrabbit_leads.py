from ingestion.base.commands import alias

Command = alias("salesrabbit", "leads")
