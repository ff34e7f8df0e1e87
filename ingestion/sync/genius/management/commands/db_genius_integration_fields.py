from ingestion.base.commands import alias

Command = alias("genius", "integration_fields")
