from ingestion.base.commands import alias

Command = alias("genius", "job_change_order_types")
