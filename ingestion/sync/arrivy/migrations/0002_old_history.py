"""The history of a former Arrivy connector becomes rows of SyncHistory; where there is none, nothing happens."""

from django.db import migrations, router

from ingestion.sync.arrivy.old_history import backwards, forwards


def move(apps, schema_editor):
    """Forwards."""
    history = apps.get_model("ingestion", "SyncHistory")
    if router.allow_migrate_model(schema_editor.connection.alias, history):
        forwards(schema_editor.connection, history, dry_run=False)


def move_back(apps, schema_editor):
    """The way back."""
    history = apps.get_model("ingestion", "SyncHistory")
    if router.allow_migrate_model(schema_editor.connection.alias, history):
        backwards(schema_editor.connection, history, dry_run=False)


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0001_initial"), ("ingestion_arrivy", "0001_initial")]
    operations = [migrations.RunPython(move, move_back, atomic=False)]
