from ingestion.base.commands import alias

Command = alias("genius", "appointment_outcomes")
