"""The first tables of this app."""

import django.db.models.deletion
import tongbao.platform.columns
from django.db import migrations, models

from tongbao.platform.append_only import append_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ChangeRequest',
            fields=[
                ('request_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=24, verbose_name='kind')),
                ('target_type', models.CharField(max_length=32, verbose_name='kind of thing')),
                ('target_id', models.CharField(max_length=150, verbose_name='thing')),
                ('merchant_id', models.CharField(blank=True, max_length=15, verbose_name='merchant')),
                ('before', models.JSONField(default=dict, verbose_name='before')),
                ('payload', models.JSONField(default=dict, verbose_name='after')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('asked_by', models.CharField(max_length=64)),
                ('asked_by_name', models.CharField(max_length=150, verbose_name='requested by')),
                ('asked_at_us', models.BigIntegerField(verbose_name='requested at')),
                ('expires_at_us', models.BigIntegerField(verbose_name='expires')),
            ],
            options={
                'verbose_name': 'change request',
                'verbose_name_plural': 'change requests',
                'ordering': ('-asked_at_us',),
                'indexes': [models.Index(fields=['merchant_id', 'asked_at_us'], name='approvals_by_merchant'), models.Index(fields=['target_type', 'target_id'], name='approvals_by_target')],
            },
        ),
        migrations.CreateModel(
            name='ChangeDecision',
            fields=[
                ('decision_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('outcome', models.CharField(max_length=10, verbose_name='outcome')),
                ('decided_by', models.CharField(max_length=64)),
                ('decided_by_name', models.CharField(max_length=150, verbose_name='decided by')),
                ('note', models.CharField(max_length=500, verbose_name='note')),
                ('decided_at_us', models.BigIntegerField(verbose_name='decided')),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='approvals.changerequest', verbose_name='change request')),
            ],
            options={
                'verbose_name': 'decision',
                'verbose_name_plural': 'decisions',
                'ordering': ('-decision_id',),
            },
        ),
        append_only('approvals_changerequest'),
        append_only('approvals_changedecision'),
    ]
