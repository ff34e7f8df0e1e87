"""Table: the declaration of one table (or view) of a database that is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ingestion.base.datasource import Resource, plain

if TYPE_CHECKING:
    import sqlalchemy as sa

Derive = Callable[["sa.FromClause"], "sa.ColumnElement[Any]"]


@dataclass(frozen=True)
class Table(Resource):
    """One table of a database; `name` and every other name are quoted, never formatted into SQL.

    `key` are the columns that identify a row and order a read (default: the primary key). `cursor` is the
    column with the time of the last change, `fallback` the one that counts where it is null; without a
    fallback each delta also reads the rows whose `cursor` is null. `without` are columns that are never
    read, such as secrets. In the columns `zero_is_null` a 0 means null. `derived` adds values that the table
    has not itself: a name, and a function from the table to a SQLAlchemy expression. `rename` is applied to
    each column's name (`str.lower`); names in this declaration are those after it.
    """

    key: str | tuple[str, ...] = ()
    fallback: str | None = None
    schema: str | None = None
    without: tuple[str, ...] = ()
    zero_is_null: tuple[str, ...] = ()
    derived: Mapping[str, Derive] = field(default_factory=dict)
    rename: Callable[[str], str] | None = None

    @property
    def key_names(self) -> tuple[str, ...]:
        """The declared key; empty for the table's own."""
        return (self.key,) if isinstance(self.key, str) else self.key

    def described(self) -> str:
        """Everything that was declared, as text that is the same in every process."""
        own = (self.key_names, self.fallback, self.schema, self.without, self.zero_is_null, self.rename)
        return repr((super().described(), [plain(each) for each in own], plain(self.derived)))
