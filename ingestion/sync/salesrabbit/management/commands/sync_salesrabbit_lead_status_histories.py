from ingestion.base.commands import alias

Command = alias("salesrabbit", "lead_status_histories")
