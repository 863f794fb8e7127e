"""What terminals report and what they are told to do."""

import django.db.models.deletion
import tongbao.platform.columns
from django.db import migrations, models

from tongbao.platform.append_only import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0001_register'),
    ]

    operations = [
        migrations.CreateModel(
            name='TerminalOrder',
            fields=[
                ('order_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('act', models.CharField(max_length=1, verbose_name='act')),
                ('ordered_at_us', models.BigIntegerField(verbose_name='ordered')),
                ('terminal', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='orders', to='fleet.terminal', verbose_name='terminal')),
            ],
            options={
                'verbose_name': 'order',
                'verbose_name_plural': 'orders',
                'ordering': ('-order_id',),
            },
        ),
        migrations.CreateModel(
            name='TerminalStatus',
            fields=[
                ('status_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('body', models.CharField(max_length=500, verbose_name='report')),
                ('terminal', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='statuses', to='fleet.terminal', verbose_name='terminal')),
            ],
            options={
                'verbose_name': 'status report',
                'verbose_name_plural': 'status reports',
                'ordering': ('-status_id',),
            },
        ),
        migrations.CreateModel(
            name='TerminalOrderDone',
            fields=[
                ('done_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('order', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='done', to='fleet.terminalorder', verbose_name='order')),
            ],
            options={
                'verbose_name': 'order carried out',
                'verbose_name_plural': 'orders carried out',
                'constraints': [models.UniqueConstraint(fields=('order',), name='fleet_terminalorderdone_once')],
            },
        ),
        append_only('fleet_terminalstatus'),
        append_only('fleet_terminalorder'),
        append_only('fleet_terminalorderdone'),
    ]
