"""Column types that keep the hot tables narrow on SQLite: a real row id and no counter table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    _BigInteger = models.BigIntegerField[int, int]
    _BigAuto = models.BigAutoField[int, int]
else:  # Django's own classes take no type parameters while running
    _BigInteger = models.BigIntegerField
    _BigAuto = models.BigAutoField


class TimeOrderedIdField(_BigInteger):
    """A 63-bit primary key that its writer makes: time-ordered and unique over all nodes.

    On SQLite the type word must be exactly `integer`, otherwise the key is a second B-tree beside
    the row id and every insert pays for it.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return `integer` on SQLite (64 bits wide there) and `bigint` elsewhere."""
        return "integer" if connection.vendor == "sqlite" else "bigint"

    def rel_db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return the type of a column that refers to this key."""
        return self.db_type(connection)


class AppendOnlyIdField(_BigAuto):
    """A counted key for tables whose rows are never deleted.

    Django asks SQLite for AUTOINCREMENT, which writes a counter row on each insert to protect
    against reuse after a delete; these tables have no deletes.
    """

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return no AUTOINCREMENT on SQLite, and what Django wants elsewhere."""
        return None if connection.vendor == "sqlite" else super().db_type_suffix(connection)
