from ingestion.base.commands import alias

Command = alias("hubspot", "companies")
