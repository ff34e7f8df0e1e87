"""SourceConfig: the AppConfig of a source, by which it is found."""

from typing import ClassVar

from django.apps import AppConfig


class SourceConfig(AppConfig):
    """A source as a Django app; a subclass lives in the source's `apps.py`.

    It sets `default = True`, `name`, `label = "ingestion_<source>"`, `crm_source` and `verbose_name`.
    A user's own app with such a config is found in the same way.
    """

    default_auto_field = "django.db.models.BigAutoField"
    crm_source: ClassVar[str]
