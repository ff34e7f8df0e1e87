"""The framework as a Django app."""

from django.apps import AppConfig


class IngestionConfig(AppConfig):
    """`ingestion` in INSTALLED_APPS; each source is an app of its own beside it."""

    name = "ingestion"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have `manage.py check` read every declaration."""
        from ingestion import checks  # noqa: F401, PLC0415 importing registers; models must be loaded first
