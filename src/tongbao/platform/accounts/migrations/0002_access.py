"""What people are: staff roles, memberships, and what they log in with."""

from typing import Any

import django.db.models.deletion
import tongbao.platform.columns
from django.conf import settings
from django.db import migrations, models


# Until now every member of staff might do all there was to do.
_ROLE_OF_TODAY = "administrator"


def _absent_is_null(apps: Any, editor: Any) -> None:
    users = apps.get_model("accounts", "User").objects.using(editor.connection.alias)
    users.filter(email="").update(email=None)


def _keep_rights(apps: Any, editor: Any) -> None:
    alias = editor.connection.alias
    grants = apps.get_model("accounts", "StaffRoleGrant").objects.using(alias)
    for user in apps.get_model("accounts", "User").objects.using(alias).filter(is_staff=True):
        granted_at_us = int(user.date_joined.timestamp()) * 1_000_000
        grants.create(
            user=user, role=_ROLE_OF_TODAY, granted_at_us=granted_at_us, granted_by="system"
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_register'),
        ('merchants', '0002_transactions'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='display_name',
            field=models.CharField(blank=True, max_length=64, verbose_name='name'),
        ),
        migrations.AddField(
            model_name='user',
            name='language',
            field=models.CharField(blank=True, max_length=8, verbose_name='language'),
        ),
        migrations.AddField(
            model_name='user',
            name='phone',
            field=models.CharField(blank=True, max_length=16, null=True, unique=True, verbose_name='mobile phone'),
        ),
        migrations.AddField(
            model_name='user',
            name='staff_number',
            field=models.CharField(blank=True, max_length=16, null=True, unique=True, verbose_name='staff number'),
        ),
        migrations.AlterField(
            model_name='user',
            name='email',
            field=models.EmailField(blank=True, max_length=254, null=True, verbose_name='e-mail'),
        ),
        migrations.RunPython(_absent_is_null, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='user',
            name='email',
            field=models.EmailField(blank=True, max_length=254, null=True, unique=True, verbose_name='e-mail'),
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('membership_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('chain_id', models.CharField(blank=True, max_length=32, verbose_name='chain')),
                ('role', models.CharField(max_length=16, verbose_name='role')),
                ('permissions', models.JSONField(default=list, verbose_name='rights')),
                ('since_us', models.BigIntegerField(verbose_name='since')),
                ('until_us', models.BigIntegerField(blank=True, null=True, verbose_name='until')),
                ('merchant', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='merchants.merchant', verbose_name='merchant')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('chain_id__gt', ''), ('merchant', None)), models.Q(('chain_id', ''), ('merchant__isnull', False)), _connector='OR'), name='accounts_membership_merchant_or_chain'), models.UniqueConstraint(condition=models.Q(('chain_id', ''), ('until_us', None)), fields=('user', 'merchant'), name='accounts_membership_one_open_merchant'), models.UniqueConstraint(condition=models.Q(('merchant', None), ('until_us', None)), fields=('user', 'chain_id'), name='accounts_membership_one_open_chain')],
            },
        ),
        migrations.CreateModel(
            name='StaffRoleGrant',
            fields=[
                ('grant_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('role', models.CharField(max_length=16, verbose_name='role')),
                ('granted_at_us', models.BigIntegerField(verbose_name='granted')),
                ('granted_by', models.CharField(max_length=150, verbose_name='granted by')),
                ('ended_at_us', models.BigIntegerField(blank=True, null=True, verbose_name='ended at')),
                ('ended_by', models.CharField(blank=True, max_length=150, verbose_name='ended by')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='staff_roles', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'staff role',
                'verbose_name_plural': 'staff roles',
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at_us', None)), fields=('user', 'role'), name='accounts_staffrolegrant_one_open')],
            },
        ),
        migrations.RunPython(_keep_rights, migrations.RunPython.noop),
    ]
