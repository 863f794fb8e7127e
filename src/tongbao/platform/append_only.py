"""A migration step that makes the database itself refuse changes to recorded rows.

Services and the host only ever add to these tables; the triggers are the second lock. Whoever
must remove rows one day (retention) drops the trigger in a migration, where it can be reviewed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import migrations

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS "{table}_no_{verb}" BEFORE {verb} ON "{table}"
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION tongbao_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRESQL = """
CREATE OR REPLACE TRIGGER "{table}_no_change" BEFORE UPDATE OR DELETE ON "{table}"
FOR EACH ROW EXECUTE FUNCTION tongbao_append_only()
"""


def append_only(table: str) -> migrations.RunPython:
    """Return the migration step that locks `table` against UPDATE and DELETE.

    It is needed again after each step that changes the columns of a locked table: on SQLite Django
    then builds the table anew, and the triggers stay behind.
    """

    def lock(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "sqlite":
            statements = [_SQLITE.format(table=table, verb=verb) for verb in ("update", "delete")]
        else:
            statements = [_POSTGRESQL_FUNCTION, _POSTGRESQL.format(table=table)]
        for statement in statements:
            editor.execute(statement, params=None)

    return migrations.RunPython(lock, migrations.RunPython.noop)


_SQLITE_ENDS_ONCE = """
CREATE TRIGGER IF NOT EXISTS "{table}_ends_once" BEFORE UPDATE ON "{table}"
WHEN OLD."ended_at_us" IS NOT NULL OR NEW."ended_at_us" IS NULL OR NOT ({same})
BEGIN SELECT RAISE(ABORT, '{table} is ended once and never edited'); END
"""
_POSTGRESQL_ENDS_ONCE_FUNCTION = """
CREATE OR REPLACE FUNCTION tongbao_ends_once() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at_us IS NULL AND NEW.ended_at_us IS NOT NULL
        AND to_jsonb(OLD) - 'ended_at_us' = to_jsonb(NEW) - 'ended_at_us' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is ended once and never edited', TG_TABLE_NAME;
END $$
"""
_POSTGRESQL_ENDS_ONCE = """
CREATE OR REPLACE TRIGGER "{table}_ends_once" BEFORE UPDATE OR DELETE ON "{table}"
FOR EACH ROW EXECUTE FUNCTION tongbao_ends_once()
"""


def ends_once(app: str, model: str) -> migrations.RunPython:
    """Return the step after which a row may get its `ended_at_us` once, and no other change.

    It is needed again after each step that changes the columns, as `append_only` is.
    """

    def lock(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        meta = apps.get_model(app, model)._meta  # noqa: SLF001 - Django's documented model API
        table = meta.db_table
        if editor.connection.vendor == "sqlite":
            columns = [field.column for field in meta.local_fields if field.name != "ended_at_us"]
            same = " AND ".join(f'OLD."{column}" IS NEW."{column}"' for column in columns)
            statements = [
                _SQLITE_ENDS_ONCE.format(table=table, same=same),
                _SQLITE.format(table=table, verb="delete"),
            ]
        else:
            statements = [
                _POSTGRESQL_ENDS_ONCE_FUNCTION,
                _POSTGRESQL_ENDS_ONCE.format(table=table),
            ]
        for statement in statements:
            editor.execute(statement, params=None)

    return migrations.RunPython(lock, migrations.RunPython.noop)
