"""Django's settings for the measured processes; the runner makes the database and names it."""

import os

INSTALLED_APPS = ["ingestion", "benchmarks.contacts"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["BENCH_DATABASE"],
        "USER": "postgres",
        "HOST": "127.0.0.1",
        "PORT": 5432,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
