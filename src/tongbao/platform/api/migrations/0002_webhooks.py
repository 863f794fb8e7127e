"""Webhooks: endpoints, the outbox, deliveries and their tries."""

import django.db.models.deletion
import tongbao.platform.columns
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('api', '0001_register'),
        ('merchants', '0003_onboarding'),
    ]

    operations = [
        migrations.CreateModel(
            name='EventCounter',
            fields=[
                ('merchant_id', models.CharField(max_length=15, primary_key=True, serialize=False)),
                ('last_number', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='FeedPosition',
            fields=[
                ('name', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('event_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='OutboxEvent',
            fields=[
                ('event_id', models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name='event')),
                ('number', models.BigIntegerField(verbose_name='number')),
                ('type', models.CharField(max_length=60, verbose_name='kind')),
                ('data', models.TextField()),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outbox', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'webhook event',
                'verbose_name_plural': 'webhook events',
                'ordering': ('merchant', '-number'),
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('delivery_id', models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name='delivery')),
                ('state', models.CharField(max_length=10, verbose_name='state')),
                ('failed', models.IntegerField(db_default=0, default=0, verbose_name='failures in a row')),
                ('due_at_us', models.BigIntegerField(verbose_name='due')),
                ('created_at_us', models.BigIntegerField(verbose_name='made')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='api.outboxevent')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'ordering': ('-created_at_us', '-delivery_id'),
            },
        ),
        migrations.CreateModel(
            name='DeliveryAttempt',
            fields=[
                ('attempt_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('took_ms', models.IntegerField(verbose_name='took')),
                ('response_code', models.IntegerField(null=True, verbose_name='response code')),
                ('failure', models.CharField(db_default='', default='', max_length=20, verbose_name='failure')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='api.webhookdelivery')),
            ],
            options={
                'verbose_name': 'attempt',
                'verbose_name_plural': 'attempts',
                'ordering': ('attempt_id',),
            },
        ),
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('endpoint_id', models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name='endpoint')),
                ('url', models.CharField(max_length=500, verbose_name='address')),
                ('events', models.JSONField(verbose_name='events')),
                ('description', models.CharField(db_default='', default='', max_length=120)),
                ('is_active', models.BooleanField(db_default=True, default=True, verbose_name='active')),
                ('secret_sealed', models.BinaryField()),
                ('old_secret_sealed', models.BinaryField(db_default=b'', default=b'')),
                ('old_secret_until_us', models.BigIntegerField(db_default=0, default=0)),
                ('created_by', models.CharField(max_length=150, verbose_name='made by')),
                ('created_at_us', models.BigIntegerField(verbose_name='made')),
                ('removed_at_us', models.BigIntegerField(null=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhooks', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'webhook',
                'verbose_name_plural': 'webhooks',
                'ordering': ('-created_at_us', 'endpoint_id'),
            },
        ),
        migrations.AddField(
            model_name='webhookdelivery',
            name='endpoint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='api.webhookendpoint'),
        ),
        migrations.AddConstraint(
            model_name='outboxevent',
            constraint=models.UniqueConstraint(fields=('merchant', 'number'), name='api_outbox_event_number'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at_us'], name='api_delivery_waiting'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['endpoint', '-created_at_us', '-delivery_id'], name='api_delivery_log'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('endpoint', 'event'), name='api_delivery_once'),
        ),
    ]
