"""Django's bulk_create with update_conflicts, as its documentation shows it."""

from collections.abc import Iterator
from itertools import islice

from benchmarks.contacts.models import PlainContact
from benchmarks.pages import read_pages
from benchmarks.task import Task

PACKAGES = ("django", "psycopg")
BATCH = 2000
"""As many as this product saves at once."""

UPDATED = [field.name for field in PlainContact._meta.concrete_fields if not field.primary_key]


def objects(task: Task) -> Iterator[PlainContact]:
    """The records as instances; Django converts the texts itself when it saves them."""
    for records in read_pages(task.url, task.page):
        for record in records:
            yield PlainContact(id=record["id"], archived=record["archived"], **record["properties"])


def load(task: Task) -> None:
    """Everything, batch by batch."""
    source = objects(task)
    while batch := list(islice(source, BATCH)):
        PlainContact.objects.bulk_create(
            batch,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=UPDATED,
        )
