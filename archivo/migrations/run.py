"""Bring a database to the newest version of the tables."""

from importlib.resources import files

from alembic import command
from alembic.config import Config

from archivo.database import Database


def upgrade(database: Database, revision: str = "head") -> None:
    """Upgrade in one transaction; two processes at once agree, for the second finds nothing to do."""
    with database.writer.connect() as connection, connection.begin():
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str) -> None:
    """Go back to an earlier version of the tables."""
    with database.writer.connect() as connection, connection.begin():
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("archivo.migrations")))
    return config
