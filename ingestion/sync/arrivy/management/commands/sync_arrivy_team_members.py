from ingestion.base.commands import alias

Command = alias("arrivy", "team_members")
