"""The first tables of this app."""

import django.db.models.deletion
import tongbao.platform.columns
from django.db import migrations, models

from tongbao.platform.append_only import append_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0001_register'),
    ]

    operations = [
        migrations.CreateModel(
            name='Terminal',
            fields=[
                ('terminal_id', models.CharField(max_length=8, primary_key=True, serialize=False, verbose_name='terminal number')),
                ('serial_number', models.CharField(max_length=50, unique=True, verbose_name='serial number')),
                ('label', models.CharField(max_length=80, verbose_name='label')),
                ('is_active', models.BooleanField(db_default=True, default=True, verbose_name='active')),
                ('batch_no', models.IntegerField(db_default=1, default=1, verbose_name='batch')),
                ('created_at_us', models.BigIntegerField(verbose_name='registered')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terminals', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'terminal',
                'verbose_name_plural': 'terminals',
                'ordering': ('terminal_id',),
            },
        ),
        migrations.CreateModel(
            name='TerminalSession',
            fields=[
                ('session_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('signed_in_at_us', models.BigIntegerField(verbose_name='signed in')),
                ('batch_no', models.IntegerField(verbose_name='batch')),
                ('operator_no', models.CharField(db_default='', max_length=3, verbose_name='operator')),
                ('key_block', models.BinaryField(verbose_name='wrapped working keys')),
                ('terminal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='sessions', to='fleet.terminal', verbose_name='terminal')),
            ],
            options={
                'verbose_name': 'sign-in',
                'verbose_name_plural': 'sign-ins',
                'indexes': [models.Index(fields=['terminal', 'session_id'], name='fleet_session_of_terminal')],
            },
        ),
        append_only('fleet_terminalsession'),
    ]
