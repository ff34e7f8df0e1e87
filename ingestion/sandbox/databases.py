"""DatabaseFake: a source that is a database, written rather than served."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ingestion.base.exceptions import ConfigurationError
from ingestion.sandbox.exchange import Answer, Asked, json_answer
from ingestion.sandbox.fake import Fake

if TYPE_CHECKING:
    import sqlalchemy as sa

ZEROS = "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'"
"""MySQL takes zero dates only without its stricter modes."""


class DatabaseFake(Fake):
    """A database that is made when the sandbox starts, and stays when it stops.

    `database` is its address (SQLAlchemy's); without one it is a SQLite file in the working directory. Its
    tables are dropped and made anew, so an address that is not this machine's is refused: raises
    ConfigurationError. `setting` names the source's setting that takes the address.
    """

    on_demand = True
    setting: ClassVar[str]

    def __init__(self, *, database: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.database = database or f"sqlite:///{self.name}-sandbox.sqlite3"

    @abstractmethod
    def write(self, connection: "sa.Connection") -> None:
        """Make the tables and their rows."""

    def make(self) -> None:
        """Write the database. Raises ConfigurationError."""
        import sqlalchemy as sa  # noqa: PLC0415 it is optional, as databases are

        url = sa.make_url(self.database)
        if url.get_backend_name() != "sqlite" and url.host not in ("127.0.0.1", "localhost", "::1"):
            raise ConfigurationError(
                f"{url.host} is not this machine, and a sandbox drops the tables it makes",
                where="--database",
                fix="name a database on 127.0.0.1",
            )
        if url.drivername in ("mysql", "mariadb"):
            url = url.set(drivername=f"{url.drivername}+pymysql")
        engine = sa.create_engine(url)
        try:
            with engine.begin() as connection:
                if connection.dialect.name in ("mysql", "mariadb"):
                    connection.exec_driver_sql(ZEROS)
                self.write(connection)
        except sa.exc.SQLAlchemyError as error:
            raise ConfigurationError(
                f"the database cannot be written: {type(error).__name__}",
                where="--database",
                fix="check the address, the driver and what the user may do",
            ) from error
        finally:
            engine.dispose()

    def answer(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """Nothing is served."""
        del asked, headers
        return json_answer({"error": f"{self.name} is a database: {self.setting}={self.database}"}, 404)

    def settings(self) -> dict[str, str]:
        """The address."""
        return {self.setting: self.database}
