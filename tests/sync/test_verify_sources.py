"""sync_verify over each source's sandbox: equal after a sync, and what differs is found and repaired."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ingestion.registry import get_engine, ordered
from ingestion.sync.genius.sandbox import FakeGenius
from tests.databases import made

pytestmark = pytest.mark.django_db


def verify(*args):
    call_command("sync_verify", *args, "--all")


def spoiled(source, entity):
    """One row goes, another is deleted here as if the source had said so."""
    model = get_engine(source, entity).processor_class.model
    first, second, *_ = model._base_manager.order_by("pk")
    first.delete()
    model._base_manager.filter(pk=second.pk).update(source_deleted_at=second.sync_updated_at)


def proved(capsys, source, entity):
    """Equal as it was synced; two rows missing when they are, and there again after the repair."""
    verify(source)
    spoiled(source, entity)
    with pytest.raises(CommandError, match=f"{source}: {entity} differ from the source"):
        verify(source)
    said = capsys.readouterr().out
    verify(source, entity, "--repair")
    verify(source)

    assert f"{source} {entity}: DIFFERENT" in said
    assert "2 missing here" in said


def test_hubspot(hubspot, capsys):
    hubspot.add("contacts", 230)
    hubspot.add("companies", 20)
    hubspot.add("owners", 3)
    call_command("sync_hubspot_all", "--quiet")

    proved(capsys, "hubspot", "contacts")


def test_callrail_with_two_accounts(callrail, capsys):
    callrail.add_account()
    for account in callrail.accounts:
        for kind in ("companies", "calls", "trackers", "form_submissions", "conversations", "tags", "users"):
            callrail.add(account, kind, 5, days=200)
    call_command("sync_callrail_all", "--quiet")

    proved(capsys, "callrail", "calls")


def test_arrivy(arrivy, capsys):
    for name in arrivy.sizes:
        arrivy.fill(name, 12)
    call_command("sync_arrivy_all", "--quiet")

    proved(capsys, "arrivy", "customers")


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_genius(kind, tmp_path, settings, capsys):
    with made(kind, tmp_path) as source:
        fake = FakeGenius(leads=40, database=str(source.url).replace("mariadb://", "mysql://"))
        fake.make()
        settings.GENIUS_DB_URL = fake.database
        call_command("db_genius_all", "--quiet")

        proved(capsys, "genius", "leads")
    assert len(ordered("genius")) == 30
