"""dlt: merge by primary key, with typed columns, in an environment of its own.

Of its settings for JSON these were the fastest here: `upsert` rather than `delete-insert`, CSV files (which
it copies) rather than `insert_values`, no compression of its files, one worker. Feeding it Arrow tables
instead of JSON records may be faster still, but no service answers with them.
"""

from collections.abc import Iterator
from typing import Any

import dlt

from benchmarks.columns import TYPES
from benchmarks.pages import read_pages
from benchmarks.records import flat
from benchmarks.task import Task

PACKAGES = ("dlt", "orjson", "psycopg2-binary")
DATASET = "bench_dlt"


def load(task: Task) -> None:
    """One run of a pipeline that yields whole pages of flat records. Raises what a failed job raises."""

    @dlt.resource(
        name="contacts",
        primary_key="id",
        write_disposition={"disposition": "merge", "strategy": "upsert"},
        columns={name: {"data_type": kind} for name, kind in TYPES.items()},
    )
    def contacts() -> Iterator[list[dict[str, Any]]]:
        for records in read_pages(task.url, task.page):
            yield [flat(record) for record in records]

    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=f"{task.folder}/dlt",
        destination=dlt.destinations.postgres(credentials=task.dsn.replace("postgres@", "postgres:none@")),
        dataset_name=DATASET,
    )
    pipeline.run(contacts(), loader_file_format="csv").raise_on_failed_jobs()
