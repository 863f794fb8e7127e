"""API keys and the answers that an Idempotency-Key repeats."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0002_transactions'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('key_id', models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name='key')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('shown', models.CharField(max_length=16, verbose_name='begins with')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('scopes', models.JSONField(verbose_name='scopes')),
                ('created_by', models.CharField(max_length=150, verbose_name='made by')),
                ('created_at_us', models.BigIntegerField(verbose_name='made')),
                ('expires_at_us', models.BigIntegerField(null=True, verbose_name='ends')),
                ('last_used_at_us', models.BigIntegerField(null=True, verbose_name='last used')),
                ('last_used_from', models.CharField(db_default='', default='', max_length=45, verbose_name='last used from')),
                ('revoked_at_us', models.BigIntegerField(null=True, verbose_name='revoked')),
                ('revoked_by', models.CharField(db_default='', default='', max_length=150, verbose_name='revoked by')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='api_keys', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ('-created_at_us', 'key_id'),
            },
        ),
        migrations.CreateModel(
            name='IdempotentAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('caller', models.CharField(max_length=80)),
                ('key', models.CharField(max_length=100)),
                ('request_digest', models.CharField(max_length=64)),
                ('at_us', models.BigIntegerField(db_index=True)),
                ('status', models.IntegerField()),
                ('content_type', models.CharField(db_default='', default='', max_length=80)),
                ('body', models.BinaryField(db_default=b'', default=b'')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('caller', 'key'), name='api_idempotent_answer_once')],
            },
        ),
    ]
