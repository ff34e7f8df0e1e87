from ingestion.base.commands import alias

Command = alias("genius", "division_groups")
