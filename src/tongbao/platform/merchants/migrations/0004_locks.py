"""The database itself refuses a category that no application decided, and edited accounts.

A later step that changes the columns of `merchants_categoryrecord` drops the trigger on merchants
before and makes it again after: SQLite renames no table while a trigger names one that is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import migrations

from tongbao.platform.append_only import append_only, ends_once

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_DECIDED = """
    SELECT mcc FROM merchants_categoryrecord
    WHERE merchant_id = NEW.merchant_id ORDER BY record_id DESC LIMIT 1
"""
_WORDS = "a category changes by its record only"
_SQLITE = f"""
CREATE TRIGGER IF NOT EXISTS merchants_merchant_mcc_decided BEFORE UPDATE ON merchants_merchant
WHEN OLD.mcc <> NEW.mcc AND NEW.mcc IS NOT ({_DECIDED})
BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END
"""
_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION tongbao_mcc_decided() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NEW.mcc IS DISTINCT FROM ({_DECIDED}) THEN RAISE EXCEPTION '{_WORDS}'; END IF;
    RETURN NEW;
END $$
"""
_POSTGRESQL = """
CREATE OR REPLACE TRIGGER merchants_merchant_mcc_decided BEFORE UPDATE ON merchants_merchant
FOR EACH ROW WHEN (OLD.mcc IS DISTINCT FROM NEW.mcc) EXECUTE FUNCTION tongbao_mcc_decided()
"""


def lock_category(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let a merchant's category become what its newest record says, and nothing else."""
    on_sqlite = editor.connection.vendor == "sqlite"
    for statement in [_SQLITE] if on_sqlite else [_POSTGRESQL_FUNCTION, _POSTGRESQL]:
        editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("merchants", "0003_onboarding")]

    operations = [
        append_only("merchants_categoryrecord"),
        ends_once("merchants", "SettlementAccount"),
        ends_once("merchants", "MerchantLimits"),
        migrations.RunPython(lock_category, migrations.RunPython.noop),
    ]
