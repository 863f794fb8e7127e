"""The first tables of this app."""

import tongbao.platform.columns
from django.db import migrations, models

from tongbao.platform.append_only import append_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='DailySeal',
            fields=[
                ('seal_id', tongbao.platform.columns.TimeOrderedIdField(primary_key=True, serialize=False)),
                ('day', models.CharField(max_length=10, unique=True, verbose_name='day')),
                ('last_entry_id', models.BigIntegerField(verbose_name='last entry')),
                ('root', models.CharField(max_length=64, verbose_name='root')),
                ('sealed_at_us', models.BigIntegerField(verbose_name='sealed')),
                ('key_name', models.CharField(max_length=16, verbose_name='key')),
                ('signature', models.CharField(max_length=128, verbose_name='signature')),
            ],
            options={
                'verbose_name': 'daily seal',
                'verbose_name_plural': 'daily seals',
                'ordering': ('-seal_id',),
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('entry_id', tongbao.platform.columns.TimeOrderedIdField(primary_key=True, serialize=False)),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('actor_kind', models.CharField(max_length=10, verbose_name='kind of actor')),
                ('actor_id', models.CharField(max_length=64, verbose_name='actor')),
                ('actor_name', models.CharField(max_length=150, verbose_name='name')),
                ('address', models.CharField(max_length=45, verbose_name='address')),
                ('device', models.CharField(max_length=200, verbose_name='device')),
                ('operation', models.CharField(max_length=48, verbose_name='operation')),
                ('outcome', models.CharField(max_length=8, verbose_name='outcome')),
                ('target_type', models.CharField(max_length=32, verbose_name='kind of thing')),
                ('target_id', models.CharField(max_length=150, verbose_name='thing')),
                ('merchant_id', models.CharField(max_length=15, verbose_name='merchant')),
                ('before', models.TextField(verbose_name='before')),
                ('after', models.TextField(verbose_name='after')),
                ('detail', models.CharField(max_length=500, verbose_name='detail')),
                ('previous_hash', models.CharField(max_length=64)),
                ('entry_hash', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit entries',
                'ordering': ('-entry_id',),
                'indexes': [models.Index(fields=['merchant_id', 'entry_id'], name='audit_entry_by_merchant'), models.Index(fields=['actor_id', 'entry_id'], name='audit_entry_by_actor'), models.Index(fields=['target_type', 'target_id', 'entry_id'], name='audit_entry_by_target')],
            },
        ),
        append_only('audit_auditentry'),
        append_only('audit_dailyseal'),
    ]
