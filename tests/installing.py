"""Puts a user's own source app on the path and into INSTALLED_APPS for the length of a test."""

import importlib
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.test import override_settings

APP = """
from ingestion.source import SourceConfig

class Config(SourceConfig):
    default = True
    name = label = "{name}"
    crm_source = "{crm_source}"
"""

ENGINES = """
from datetime import timedelta
from django.db import models
from ingestion.base.datasource import Resource
from ingestion.base.processor import BaseProcessor
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.base.testing import MemorySource
from tests.shop.engines import *
"""


@contextmanager
def installed_app(folder: Path, crm_source: str, engines: str | None = None) -> Iterator[str]:
    """An app whose `engines` module has this text; answers its name."""
    name = f"app_{uuid.uuid4().hex[:8]}"
    package = folder / name
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "apps.py").write_text(APP.format(name=name, crm_source=crm_source))
    if engines is not None:
        (package / "engines.py").write_text(ENGINES + engines)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, name]):
            yield name
    finally:
        sys.path.remove(str(folder))
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[module]
