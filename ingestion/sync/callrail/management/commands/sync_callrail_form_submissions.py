from ingestion.base.commands import alias

Command = alias("callrail", "form_submissions")
