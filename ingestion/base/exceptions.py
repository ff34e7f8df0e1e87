"""The error tree, grouped by what the engine does next.

SyncError
├── TransientError            tried again with backoff; fatal when it persists
├── RecordError               the record is set aside and counted; the run goes on
└── FatalError                the run stops and is recorded as failed
    ├── ConfigurationError    a declaration, a setting or a flag is wrong
    ├── AuthenticationError   the source refused the credentials
    ├── SourceError           the source answered something that must not be trusted
    ├── LeaseLost             another run of the entity has taken over
    ├── LeaseRefused          another run of the entity is at work; this one wrote nothing
    └── SafetyStop            a limit that protects the data was hit
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any


class SyncError(Exception):
    """Base of everything the framework raises: what went wrong, where, and how to fix it.

    The parts stay separate attributes (`what`, `where`, `fix`) so that a screen can lay them out;
    `str(error)` composes them once.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what = what
        self.where = where
        self.fix = fix
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  fix: {self.fix}" if self.fix else text

    def __reduce__(self) -> tuple[Any, ...]:
        return remade, (type(self), self.args, dict(self.__dict__))


def remade(kind: type[SyncError], args: tuple[Any, ...], parts: Mapping[str, Any]) -> SyncError:
    """An error of another process: each kind takes its parts by other names, so none is asked."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(parts)
    return error


def hint(name: str, known: Sequence[str], otherwise: str) -> str:
    """A fix for a name that is not known: the nearest one as a question, else what there is."""
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}?" if close else otherwise


def first_line(error: BaseException) -> str:
    """An error's first line, or its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class TransientError(SyncError):
    """Something that may work when it is tried again: a timeout, a 503, a lost connection.

    `retry_after` are the seconds that the service has asked for, None where it said nothing.
    """

    def __init__(
        self, what: str, *, where: str = "", fix: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class FieldError:
    """One value that could not be taken as it came.

    `field` is ours, `source` the path it was read from, `code` a stable short name for screens and
    queries (`required`, `invalid`, `too_long`, `missing_parent` …), `value` the raw value, shortened.
    """

    field: str
    source: str
    code: str
    message: str
    value: str = ""

    def as_dict(self) -> dict[str, str]:
        """The form in which it is stored and served."""
        return asdict(self)


class RecordError(SyncError):
    """A record with every value that was wrong in it; used as a value far more often than raised."""

    def __init__(
        self, errors: Sequence[FieldError], *, record: Mapping[str, Any], key: tuple[Any, ...] | None = None
    ) -> None:
        self.errors = tuple(errors)
        self.record = record
        self.key = key
        super().__init__(
            "; ".join(f"{e.field} ← {e.source}: {e.message}" for e in self.errors),
            where=f"record {'/'.join(map(str, key))}" if key else "record without a readable key",
        )


class FatalError(SyncError):
    """The run cannot go on.

    `resumable` says whether the next run may go on where this one stopped.
    """

    resumable = True


class ConfigurationError(FatalError):
    """A declaration, a setting or a flag is wrong; nothing was read."""


class AuthenticationError(FatalError):
    """The source refused the credentials."""


class SourceError(FatalError):
    """The source answered something that must not be taken for data; `status` is the HTTP status, if any."""

    def __init__(self, what: str, *, where: str = "", fix: str = "", status: int | None = None) -> None:
        super().__init__(what, where=where, fix=fix)
        self.status = status


class LeaseLost(FatalError):
    """Another run of the entity has taken over, or a person closed this one; nothing more is written."""


class LeaseRefused(FatalError):
    """Another run of the entity is at work; this one has written nothing, not even a history row."""


class SafetyStop(FatalError):
    """A limit that protects the data was hit: too many rejected records, too many deletes.

    The next run starts over: what was read is not known to be good.
    """

    resumable = False
