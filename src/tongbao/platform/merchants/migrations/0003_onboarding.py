"""What onboarding brings: chains, tiers, shops, settlement accounts, limits, categories."""

import django.db.models.deletion
import tongbao.platform.columns
from django.db import migrations, models

from tongbao.platform.append_only import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0002_transactions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Chain',
            fields=[
                ('chain_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('name_en', models.CharField(db_default='', default='', max_length=80, verbose_name='English name')),
                ('created_at_us', models.BigIntegerField(verbose_name='registered')),
            ],
            options={
                'verbose_name': 'chain',
                'verbose_name_plural': 'chains',
                'ordering': ('chain_id',),
            },
        ),
        migrations.AddField(
            model_name='merchant',
            name='contact_phone',
            field=models.CharField(db_default='', default='', max_length=20, verbose_name='contact phone'),
        ),
        migrations.AddField(
            model_name='merchant',
            name='credit_code',
            field=models.CharField(db_default='', default='', max_length=18, verbose_name='credit code'),
        ),
        migrations.AddField(
            model_name='merchant',
            name='identity_token',
            field=models.CharField(db_default='', default='', max_length=18),
        ),
        migrations.AddField(
            model_name='merchant',
            name='legal_person',
            field=models.CharField(db_default='', default='', max_length=60, verbose_name='legal person'),
        ),
        migrations.AddField(
            model_name='merchant',
            name='registered_name',
            field=models.CharField(db_default='', default='', max_length=120, verbose_name='registered name'),
        ),
        migrations.AddField(
            model_name='merchant',
            name='status',
            field=models.CharField(db_default='active', default='active', max_length=16, verbose_name='status'),
        ),
        migrations.AddField(
            model_name='merchant',
            name='tier',
            field=models.CharField(db_default='', default='', max_length=16, verbose_name='tier'),
        ),
        migrations.CreateModel(
            name='CategoryRecord',
            fields=[
                ('record_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('mcc', models.CharField(max_length=4)),
                ('application_id', models.CharField(db_default='', default='', max_length=32)),
                ('decided_by', models.CharField(max_length=64)),
                ('from_us', models.BigIntegerField()),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='category_records', to='merchants.merchant')),
            ],
            options={
                'verbose_name': 'category of a merchant',
                'verbose_name_plural': 'categories of merchants',
                'ordering': ('record_id',),
            },
        ),
        migrations.AddField(
            model_name='merchant',
            name='chain',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merchants', to='merchants.chain', verbose_name='chain'),
        ),
        migrations.CreateModel(
            name='Shop',
            fields=[
                ('shop_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('address', models.CharField(max_length=200, verbose_name='address')),
                ('city', models.CharField(max_length=40, verbose_name='city')),
                ('latitude_udeg', models.IntegerField(null=True)),
                ('longitude_udeg', models.IntegerField(null=True)),
                ('is_active', models.BooleanField(db_default=True, default=True, verbose_name='active')),
                ('created_at_us', models.BigIntegerField(verbose_name='registered')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shops', to='merchants.merchant')),
            ],
            options={
                'verbose_name': 'shop',
                'verbose_name_plural': 'shops',
                'ordering': ('merchant', 'created_at_us', 'shop_id'),
            },
        ),
        migrations.CreateModel(
            name='MerchantLimits',
            fields=[
                ('limits_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('tier', models.CharField(max_length=16)),
                ('per_trade_minor', models.BigIntegerField(null=True)),
                ('per_day_minor', models.BigIntegerField(null=True)),
                ('per_month_minor', models.BigIntegerField(null=True)),
                ('credit_per_day_minor', models.BigIntegerField(null=True)),
                ('credit_per_month_minor', models.BigIntegerField(null=True)),
                ('rules', models.JSONField(default=dict)),
                ('valid_from_us', models.BigIntegerField()),
                ('ended_at_us', models.BigIntegerField(null=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='limits', to='merchants.merchant')),
            ],
            options={
                'verbose_name': 'limits of a merchant',
                'verbose_name_plural': 'limits of merchants',
                'ordering': ('merchant', 'valid_from_us', 'limits_id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at_us__isnull', True)), fields=('merchant',), name='merchants_merchantlimits_one_open')],
            },
        ),
        migrations.CreateModel(
            name='SettlementAccount',
            fields=[
                ('account_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('holder', models.CharField(max_length=120)),
                ('bank', models.CharField(max_length=80)),
                ('bank_code', models.CharField(db_default='', default='', max_length=12)),
                ('number_sealed', models.BinaryField()),
                ('number_token', models.CharField(max_length=32)),
                ('last4', models.CharField(max_length=4)),
                ('kind', models.CharField(max_length=16)),
                ('application_id', models.CharField(db_default='', default='', max_length=32)),
                ('valid_from_us', models.BigIntegerField()),
                ('ended_at_us', models.BigIntegerField(null=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='settlement_accounts', to='merchants.merchant')),
            ],
            options={
                'verbose_name': 'settlement account',
                'verbose_name_plural': 'settlement accounts',
                'ordering': ('merchant', 'valid_from_us', 'account_id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at_us__isnull', True)), fields=('merchant',), name='merchants_settlementaccount_one_open')],
            },
        ),
        append_only('merchants_categoryrecord'),
    ]
