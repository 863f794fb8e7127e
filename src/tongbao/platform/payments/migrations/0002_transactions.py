"""The other transactions of the dialect: what a payment refers to, and what stands beside it."""

import django.db.models.deletion
import tongbao.platform.columns
from django.db import migrations, models

from tongbao.platform.append_only import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0002_transactions'),
        ('merchants', '0002_transactions'),
        ('payments', '0001_register'),
    ]

    operations = [
        migrations.AlterField(
            model_name='payment',
            name='kind',
            field=models.CharField(max_length=24, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='payment',
            name='original_id',
            field=models.BigIntegerField(db_default=0, default=0, verbose_name='original'),
        ),
        migrations.AddField(
            model_name='payment',
            name='organisation',
            field=models.CharField(db_default='CUP', default='CUP', max_length=3, verbose_name='card organisation'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('original_id__gt', 0)), fields=['original_id'], name='payments_payment_of_original'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('kind', 'pre_authorisation')), fields=['merchant', 'card_token'], name='payments_payment_holds_of_card'),
        ),
        append_only('payments_payment'),
        migrations.CreateModel(
            name='PaymentException',
            fields=[
                ('exception_id', tongbao.platform.columns.TimeOrderedIdField(primary_key=True, serialize=False)),
                ('payment_id', models.BigIntegerField(db_default=0, db_index=True, default=0, verbose_name='payment')),
                ('terminal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='exceptions', to='fleet.terminal', verbose_name='terminal')),
                ('merchant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='exceptions', to='merchants.merchant', verbose_name='merchant')),
                ('kind', models.CharField(max_length=24, verbose_name='kind')),
                ('opened_at_us', models.BigIntegerField(verbose_name='opened')),
                ('detail', models.CharField(db_default='', max_length=200, verbose_name='detail')),
            ],
            options={
                'verbose_name': 'exception',
                'verbose_name_plural': 'exceptions',
                'db_table': 'payments_exception',
                'ordering': ('-exception_id',),
            },
        ),
        migrations.CreateModel(
            name='PaymentExceptionEvent',
            fields=[
                ('event_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('exception', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='payments.paymentexception', verbose_name='exception')),
                ('kind', models.CharField(max_length=16, verbose_name='act')),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('staff', models.CharField(max_length=64, verbose_name='by')),
                ('note', models.CharField(db_default='', max_length=500, verbose_name='note')),
            ],
            options={
                'verbose_name': 'act on an exception',
                'verbose_name_plural': 'acts on exceptions',
                'db_table': 'payments_exceptionevent',
                'ordering': ('event_id',),
            },
        ),
        migrations.CreateModel(
            name='BatchEvent',
            fields=[
                ('event_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('terminal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='batch_events', to='fleet.terminal', verbose_name='terminal')),
                ('merchant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='batch_events', to='merchants.merchant', verbose_name='merchant')),
                ('batch_no', models.IntegerField(verbose_name='batch')),
                ('kind', models.CharField(max_length=16, verbose_name='event')),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('sent_totals', models.CharField(db_default='', max_length=62, verbose_name='totals of the terminal')),
                ('own_totals', models.CharField(db_default='', max_length=62, verbose_name='totals of the host')),
                ('result', models.CharField(db_default='', max_length=2, verbose_name='result')),
                ('record_count', models.IntegerField(db_default=0, default=0, verbose_name='records')),
                ('business_date', models.DateField(verbose_name='business date')),
            ],
            options={
                'verbose_name': 'batch',
                'verbose_name_plural': 'batches',
                'ordering': ('-event_id',),
                'indexes': [models.Index(fields=['terminal', 'batch_no'], name='payments_batchevent_of_batch')],
            },
        ),
        migrations.CreateModel(
            name='BatchDetail',
            fields=[
                ('detail_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('terminal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='batch_details', to='fleet.terminal', verbose_name='terminal')),
                ('batch_no', models.IntegerField(verbose_name='batch')),
                ('stan', models.IntegerField(verbose_name='trace')),
                ('source', models.CharField(max_length=8, verbose_name='uploaded as')),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('organisation', models.CharField(max_length=3, verbose_name='card organisation')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('card_masked', models.CharField(max_length=19, verbose_name='card')),
                ('card_token', models.BinaryField(max_length=16, verbose_name='card token')),
            ],
            options={
                'verbose_name': 'batch detail',
                'verbose_name_plural': 'batch details',
                'ordering': ('detail_id',),
                'constraints': [models.UniqueConstraint(fields=('terminal', 'batch_no', 'stan', 'source'), name='payments_batchdetail_once_per_source')],
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('signature_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('payment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='signatures', to='payments.payment', verbose_name='payment')),
                ('part_no', models.IntegerField(verbose_name='part')),
                ('is_last', models.BooleanField(verbose_name='last part')),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('image', models.BinaryField(verbose_name='image')),
            ],
            options={
                'verbose_name': 'signature',
                'verbose_name_plural': 'signatures',
                'ordering': ('payment', 'part_no'),
                'constraints': [models.UniqueConstraint(fields=('payment', 'part_no'), name='payments_signature_once')],
            },
        ),
        migrations.CreateModel(
            name='ScriptResult',
            fields=[
                ('result_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('payment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='script_results', to='payments.payment', verbose_name='payment')),
                ('at_us', models.BigIntegerField(verbose_name='time')),
                ('data', models.CharField(max_length=510, verbose_name='data')),
            ],
            options={
                'verbose_name': 'script result',
                'verbose_name_plural': 'script results',
                'constraints': [models.UniqueConstraint(fields=('payment',), name='payments_scriptresult_once')],
            },
        ),
        append_only('payments_exception'),
        append_only('payments_exceptionevent'),
        append_only('payments_batchevent'),
        append_only('payments_batchdetail'),
        append_only('payments_signature'),
        append_only('payments_scriptresult'),
    ]
