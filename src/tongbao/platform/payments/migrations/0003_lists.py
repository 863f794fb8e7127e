"""What the lists over many payments stand on."""

import tongbao.platform.columns
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0003_devices'),
        ('merchants', '0003_onboarding'),
        ('payments', '0002_transactions'),
    ]

    operations = [
        migrations.CreateModel(
            name='DoubtfulPayment',
            fields=[
                ('payment_id', tongbao.platform.columns.TimeOrderedIdField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name='DoubtMark',
            fields=[
                ('mark_id', models.IntegerField(primary_key=True, serialize=False)),
                ('payment_id', models.BigIntegerField()),
                ('event_id', models.BigIntegerField()),
            ],
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['merchant', 'business_date', 'payment_id'], name='payments_payment_of_merchant'),
        ),
        migrations.AddIndex(
            model_name='paymentevent',
            index=models.Index(condition=models.Q(('kind__in', ('declined', 'reversal_requested'))), fields=['payment', 'kind'], name='payments_event_unhappy'),
        ),
    ]
