"""Settings of the framework: Django's settings first, then the environment."""

import os

from django.conf import settings


def setting(name: str, default: str = "") -> str:
    """The text of a setting such as `HUBSPOT_API_TOKEN`, from Django's settings or the environment."""
    value = getattr(settings, name, None)
    return str(value) if value is not None else os.environ.get(name, default)
