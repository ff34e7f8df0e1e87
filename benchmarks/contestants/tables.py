"""Not a contestant: makes the tables, so that nobody measures it."""

from django.core.management import call_command

from benchmarks.task import Task

PACKAGES = ()


def load(task: Task) -> None:
    """Migrate, and make the tables of the app that has no migrations."""
    del task
    call_command("migrate", run_syncdb=True, verbosity=0)
