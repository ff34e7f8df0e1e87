from ingestion.base.commands import alias

Command = alias("genius", "marketsharp_sources")
