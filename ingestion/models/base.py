"""SourceModel: what every table that a sync fills has besides its own columns."""

from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone


class LiveManager(models.Manager[Any]):
    """Rows that the source still has."""

    def get_queryset(self) -> models.QuerySet[Any]:
        """All rows but the soft-deleted ones."""
        return super().get_queryset().filter(source_deleted_at=None)


class SourceModel(models.Model):
    """Base of a model that mirrors an entity of a source.

    `sync_created_at` and `sync_updated_at` are for readers downstream: when the row was first written,
    and when it last really changed. They never decide what to sync. `source_deleted_at` marks a soft
    delete: `objects` shows live rows, `all_objects` everything. `extra` keeps what the mapping did not name.

    Raises ImproperlyConfigured when the app of a subclass is not installed, with the line to add.
    """

    sync_created_at = models.DateTimeField(default=timezone.now, editable=False)
    sync_updated_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    source_deleted_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)
    extra = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)

    objects = LiveManager()
    all_objects = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "all_objects"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        module = cls.__module__
        config = apps.get_containing_app_config(module)
        # The framework contains the sources it ships as modules, but no table of theirs.
        if module != "__fake__" and (config is None or config.name == "ingestion"):
            app = module.partition(".models")[0]
            raise ImproperlyConfigured(
                f"{cls.__name__} belongs to an app that is not installed\n"
                f"  fix: add '{app}' to INSTALLED_APPS, then run manage.py migrate"
            )
