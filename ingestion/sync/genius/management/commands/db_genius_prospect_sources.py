from ingestion.base.commands import alias

Command = alias("genius", "prospect_sources")
