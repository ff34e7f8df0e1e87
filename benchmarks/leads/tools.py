"""Who takes part, how each is installed and started; all merge by key and go by `updated_at`."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import PEERS, ROOT, run

SERVER = "postgresql://postgres@127.0.0.1:5432"
SLING = "lib/python{0}.{1}/site-packages/sling_linux_amd64/bin/sling-linux-amd64"


@dataclass(frozen=True)
class Way:
    """From where to where: addresses, the source's name, and a folder of one's own."""

    source: str
    name: str
    target: str
    folder: Path

    @property
    def with_password(self) -> str:
        """The target's address for those who insist on a password."""
        return self.target.replace("postgres@", "postgres:none@")


@dataclass(frozen=True)
class Tool:
    """One of them. `requirements` are installed from PyPI into an environment of its own.

    `key_alone` takes away the indexes that a model declares, as other tools' tables have none.
    """

    name: str
    title: str
    table: tuple[str, str]
    command: Callable[[Way, Path], Sequence[str]]
    requirements: tuple[str, ...] = ()
    environment: Callable[[Way], Mapping[str, str]] = lambda way: {}
    key_alone: bool = False

    @property
    def home(self) -> Path:
        """Its environment; this product's is the one that runs."""
        return PEERS / f"leads-{self.name}" if self.requirements else Path(sys.prefix)

    def install(self) -> None:
        """Make its environment where it is not there. Raises ProcessFailed."""
        made, wanted = self.home / "made-from.txt", "\n".join(self.requirements)
        if self.requirements and not (made.exists() and made.read_text() == wanted):
            run([sys.executable, "-m", "venv", "--clear", str(self.home)], {}, 300)
            pip = [str(self.home / "bin" / "python"), "-m", "pip", "install", "-qq"]
            run([*pip, "--disable-pip-version-check", *self.requirements], {}, 900)
            made.write_text(wanted)

    def start(self, way: Way) -> tuple[Sequence[str], dict[str, str]]:
        """Its command and environment."""
        compiled = {"PYTHONDONTWRITEBYTECODE": ""}  # as pip leaves an installed package
        return self.command(way, self.home), os.environ | compiled | self.environment(way)


def ours(way: Way, home: Path) -> Sequence[str]:
    """The command as a person would type it."""
    del way, home
    return [sys.executable, str(ROOT / "manage.py"), "db_genius_leads", "--quiet", "--no-progress"]


def ours_apart(way: Way, home: Path) -> Sequence[str]:
    """The same, read by two processes."""
    return [*ours(way, home), "--partitions", "2"]


def our_settings(way: Way) -> Mapping[str, str]:
    """Where this product reads and writes."""
    return {"GENIUS_DB_URL": way.source, "DATABASE_URL": way.target}


def dlt(way: Way, home: Path) -> Sequence[str]:
    """A script: dlt has no command for it."""
    script = str(ROOT / "benchmarks" / "leads" / "dlt_leads.py")
    return [str(home / "bin" / "python"), script, way.source, way.with_password, str(way.folder)]


def sling(way: Way, home: Path) -> Sequence[str]:
    """Its own binary, incremental by key and time."""
    flags = {
        **{
            "--src-conn": way.source,
            "--src-stream": f"{way.name}.lead",
            "--tgt-conn": f"{way.target}?sslmode=disable",
        },
        **{"--tgt-object": "public.lead", "--mode": "incremental", "--primary-key": "lead_id"},
        **{"--update-key": "updated_at"},
    }
    words = [word for flag in flags.items() for word in flag]
    return [str(home / SLING.format(*sys.version_info)), "run", *words]


def ingestr(way: Way, home: Path) -> Sequence[str]:
    """Its command, merging by key and time."""
    flags = {
        **{"--source-uri": way.source, "--source-table": f"{way.name}.lead", "--dest-uri": way.with_password},
        **{
            "--dest-table": "public.lead",
            "--incremental-strategy": "merge",
            "--incremental-key": "updated_at",
        },
        **{"--primary-key": "lead_id", "--progress": "log"},
    }
    return [
        str(home / "bin" / "ingestr"),
        "ingest",
        "--yes",
        *(word for flag in flags.items() for word in flag),
    ]


TOOLS = (
    Tool("ours", "this product", ("public", "ingestion_genius_lead"), ours, environment=our_settings),
    Tool(
        "ours-apart",
        "this product, --partitions 2",
        ("public", "ingestion_genius_lead"),
        ours_apart,
        environment=our_settings,
    ),
    Tool(
        "ours-key",
        "this product, no index but the key",
        ("public", "ingestion_genius_lead"),
        ours,
        environment=our_settings,
        key_alone=True,
    ),
    Tool(
        "ours-key-apart",
        "this product, no index but the key, --partitions 2",
        ("public", "ingestion_genius_lead"),
        ours_apart,
        environment=our_settings,
        key_alone=True,
    ),
    Tool(
        "dlt",
        "dlt 1.31.0, sql_database",
        ("bench_dlt", "lead"),
        dlt,
        ("dlt[postgres,sql_database]==1.31.0", "sqlalchemy<2.1", "pymysql==1.2.4"),
        lambda way: {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(way.folder / "dlt-data")},
    ),
    Tool(
        "sling",
        "sling 1.4.11",
        ("public", "lead"),
        sling,
        ("sling-linux-amd64==1.4.11",),
        lambda way: {"SLING_HOME_DIR": str(way.folder / "sling"), "SLING_DISABLE_TELEMETRY": "true"},
    ),
    Tool(
        "ingestr",
        "ingestr 0.15.9",
        ("public", "lead"),
        ingestr,
        ("ingestr==0.15.9",),
        lambda way: {
            "DISABLE_TELEMETRY": "true",
            "INGESTR_DISABLE_TELEMETRY": "true",
            "HOME": str(way.folder),
        },
    ),
)
