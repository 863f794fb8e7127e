"""The first tables of this app."""

import django.db.models.deletion
import tongbao.platform.columns
from django.db import migrations, models

from tongbao.platform.append_only import append_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('fleet', '0001_register'),
        ('merchants', '0001_register'),
    ]

    operations = [
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('payment_id', tongbao.platform.columns.TimeOrderedIdField(primary_key=True, serialize=False)),
                ('batch_no', models.IntegerField(verbose_name='batch')),
                ('stan', models.IntegerField(verbose_name='trace')),
                ('kind', models.CharField(max_length=16, verbose_name='kind')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('card_masked', models.CharField(max_length=19, verbose_name='card')),
                ('card_token', models.BinaryField(max_length=16, verbose_name='card token')),
                ('entry_mode', models.CharField(max_length=3, verbose_name='entry mode')),
                ('rrn', models.CharField(max_length=12, verbose_name='reference number (RRN)')),
                ('business_date', models.DateField(verbose_name='business date')),
                ('route', models.CharField(max_length=16, verbose_name='route')),
                ('received_at_us', models.BigIntegerField(verbose_name='received')),
                ('merchant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='payments', to='merchants.merchant', verbose_name='merchant')),
                ('terminal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='payments', to='fleet.terminal', verbose_name='terminal')),
            ],
            options={
                'verbose_name': 'payment',
                'verbose_name_plural': 'payments',
                'ordering': ('-payment_id',),
                'constraints': [
                    models.UniqueConstraint(fields=('terminal', 'batch_no', 'stan'), name='payments_payment_once_per_trace'),
                    models.UniqueConstraint(fields=('rrn',), name='payments_payment_rrn'),
                ],
                'indexes': [models.Index(fields=['business_date'], name='payments_payment_by_date')],
            },
        ),
        migrations.CreateModel(
            name='PaymentEvent',
            fields=[
                ('event_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=24, verbose_name='event')),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('response_code', models.CharField(db_default='', max_length=2, verbose_name='response code')),
                ('auth_code', models.CharField(db_default='', max_length=6, verbose_name='authorisation code')),
                ('detail', models.CharField(db_default='', max_length=120, verbose_name='detail')),
                ('payment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='payments.payment', verbose_name='payment')),
            ],
            options={
                'verbose_name': 'payment event',
                'verbose_name_plural': 'payment events',
                'ordering': ('event_id',),
            },
        ),
        append_only('payments_payment'),
        append_only('payments_paymentevent'),
    ]
