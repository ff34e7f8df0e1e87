from ingestion.base.commands import alias

Command = alias("genius", "user_titles")
