"""dlt's sql_database, in its own environment: `dlt_leads.py SOURCE TARGET FOLDER`.

Its row backend: the others fail on zero dates. `upsert` and CSV files were its fastest ways to load.
"""

import sys

import dlt
from dlt.sources.sql_database import sql_table


def main(source: str, target: str, folder: str) -> None:
    """One run. Raises what a failed job raises."""
    leads = sql_table(
        credentials=source.replace("mysql:", "mysql+pymysql:"),
        table="lead",
        backend="sqlalchemy",
        chunk_size=5000,
        incremental=dlt.sources.incremental("updated_at", on_cursor_value_missing="include"),
        primary_key="lead_id",
        write_disposition={"disposition": "merge", "strategy": "upsert"},
    )
    pipeline = dlt.pipeline(
        pipeline_name="leads",
        pipelines_dir=f"{folder}/dlt",
        destination=dlt.destinations.postgres(credentials=target),
        dataset_name="bench_dlt",
    )
    pipeline.run(leads, loader_file_format="csv").raise_on_failed_jobs()


if __name__ == "__main__":
    main(*sys.argv[1:])
