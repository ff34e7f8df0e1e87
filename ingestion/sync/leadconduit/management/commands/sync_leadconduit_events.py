from ingestion.base.commands import alias

Command = alias("leadconduit", "events")
