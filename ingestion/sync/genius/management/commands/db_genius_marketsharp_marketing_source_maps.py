from ingestion.base.commands import alias

Command = alias("genius", "marketsharp_marketing_source_maps")
