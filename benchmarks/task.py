"""What a measured process is told, and what it answers: both are JSON."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Task:
    """One load. `url` and `page` are for those who read over HTTP, `file` for those who read a file."""

    database: str
    scenario: str
    records: int
    url: str = ""
    page: int = 0
    file: str = ""
    folder: str = ""

    def as_text(self) -> str:
        """For a command line."""
        return json.dumps(asdict(self))

    @property
    def dsn(self) -> str:
        """The database's address."""
        return f"postgresql://postgres@127.0.0.1:5432/{self.database}"


@dataclass(frozen=True)
class Answer:
    """What the process measured of itself: the load's seconds, the peak and processor time of all of it."""

    seconds: float
    cpu: float
    peak: float
    versions: dict[str, str]
