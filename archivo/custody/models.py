"""The nights of checking, and the ledgers that keep what they found."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from archivo.database import Base


class FixityNight(Base):
    """What was checked in one place in one night, which is named by the day it begins (the institution's time).

    `wrong` counts the packages that were not intact, `size` the bytes read. `ledger_version` is the version of the month's ledger that
    holds it; None while it is in the catalogue alone.
    """

    __tablename__ = "fixity_night"

    location: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    checked: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    ledger_version: Mapped[int | None]


class Ledger(Base):
    """The OCFL object that keeps what was checked in a month (`2026-11`)."""

    __tablename__ = "ledger"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    id: Mapped[str] = mapped_column(String(36))
    ocfl_version: Mapped[int] = mapped_column(default=0)
