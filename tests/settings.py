"""Settings of the tests: SQLite always, PostgreSQL and MariaDB where they answer.

INGESTION_TEST_REQUIRE names services (`postgres,mariadb`) whose absence is then an error, not a skip.
Every run makes databases of its own, with unique names, and drops them.
"""

import os
import socket
import uuid

import pymysql

from config.settings import *  # noqa: F403 the tests' settings are the project's and more
from config.settings import SQLITE

pymysql.install_as_MySQLdb()

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)[:8]
REQUIRED = {name for name in os.environ.get("INGESTION_TEST_REQUIRE", "").replace(" ", "").split(",") if name}
HOST = "127.0.0.1"
PORTS = {"postgres": 5432, "mariadb": 3306}


def answers(service: str) -> bool:
    """Whether something listens where the service usually does."""
    try:
        socket.create_connection((HOST, PORTS[service]), timeout=1).close()
    except OSError:
        return False
    return True


MISSING = {
    name: f"{name} does not answer on {HOST}:{port}" for name, port in PORTS.items() if not answers(name)
}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {key: value for key, value in SQLITE.items() if key != "init_command"},
    },
    "postgres": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": f"ingestion_{RUN}",
        "USER": "postgres",
        "HOST": HOST,
        "PORT": PORTS["postgres"],
        "TEST": {"DEPENDENCIES": []},
    },
    "mariadb": {
        "ENGINE": "django.db.backends.mysql",
        "NAME": f"ingestion_{RUN}",
        "USER": "root",
        "PASSWORD": "",
        "HOST": HOST,
        "PORT": PORTS["mariadb"],
        "OPTIONS": {"charset": "utf8mb4"},
        "TEST": {"CHARSET": "utf8mb4", "DEPENDENCIES": []},
    },
}
for name in MISSING:
    del DATABASES[name]

INSTALLED_APPS = [*INSTALLED_APPS, "tests.shop", "tests.chinook"]  # noqa: F405 it comes with the star
DATABASE_ROUTERS = ["tests.routing.OneDatabase"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
