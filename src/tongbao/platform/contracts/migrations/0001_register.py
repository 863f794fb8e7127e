"""Fee schedules, contract texts, offers and signatures: rows that are added only."""

import django.db.models.deletion
from django.db import migrations, models

from tongbao.platform.append_only import append_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0003_onboarding'),
        ('onboarding', '0001_register'),
    ]

    operations = [
        migrations.CreateModel(
            name='Contract',
            fields=[
                ('contract_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=24, unique=True, verbose_name='contract number')),
                ('reason', models.CharField(db_default='', default='', max_length=200)),
                ('offered_by', models.CharField(max_length=64)),
                ('offered_at_us', models.BigIntegerField(verbose_name='offered')),
                ('expires_at_us', models.BigIntegerField(verbose_name='expires')),
                ('application', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='onboarding.application')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='merchants.merchant')),
            ],
            options={
                'verbose_name': 'contract',
                'verbose_name_plural': 'contracts',
                'ordering': ('-offered_at_us', 'contract_id'),
            },
        ),
        migrations.CreateModel(
            name='ContractVersion',
            fields=[
                ('version', models.IntegerField(primary_key=True, serialize=False, verbose_name='version')),
                ('text_zh', models.TextField()),
                ('text_en', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('published_at_us', models.BigIntegerField(verbose_name='published')),
            ],
            options={
                'verbose_name': 'contract text',
                'verbose_name_plural': 'contract texts',
                'ordering': ('-version',),
            },
        ),
        migrations.CreateModel(
            name='FeeSchedule',
            fields=[
                ('schedule_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('version', models.IntegerField(unique=True, verbose_name='version')),
                ('title', models.CharField(max_length=80, verbose_name='title')),
                ('title_en', models.CharField(max_length=80, verbose_name='English title')),
                ('is_standard', models.BooleanField(db_default=True, default=True, verbose_name='standard')),
                ('rates', models.JSONField()),
                ('sha256', models.CharField(max_length=64)),
                ('published_at_us', models.BigIntegerField(verbose_name='published')),
            ],
            options={
                'verbose_name': 'fee schedule',
                'verbose_name_plural': 'fee schedules',
                'ordering': ('-version',),
            },
        ),
        migrations.CreateModel(
            name='ContractSigning',
            fields=[
                ('contract', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='signing', serialize=False, to='contracts.contract')),
                ('signer_id', models.CharField(max_length=64)),
                ('signer_name', models.CharField(max_length=80)),
                ('phone_masked', models.CharField(max_length=20)),
                ('code_sent_at_us', models.BigIntegerField()),
                ('address', models.CharField(db_default='', default='', max_length=64)),
                ('language', models.CharField(max_length=8)),
                ('signature_sealed', models.BinaryField()),
                ('signature_sha256', models.CharField(max_length=64)),
                ('pdf_sealed', models.BinaryField()),
                ('pdf_sha256', models.CharField(max_length=64)),
                ('signed_at_us', models.BigIntegerField(verbose_name='signed')),
            ],
            options={
                'verbose_name': 'signing of a contract',
                'verbose_name_plural': 'signings of contracts',
                'ordering': ('-signed_at_us',),
            },
        ),
        migrations.AddField(
            model_name='contract',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='contracts.contractversion'),
        ),
        migrations.AddField(
            model_name='contract',
            name='schedule',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='contracts.feeschedule'),
        ),
        migrations.CreateModel(
            name='SigningCode',
            fields=[
                ('code_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('user_id', models.CharField(max_length=64)),
                ('phone_masked', models.CharField(max_length=20)),
                ('code_hash', models.CharField(max_length=64)),
                ('tries', models.IntegerField(db_default=0, default=0)),
                ('sent_at_us', models.BigIntegerField()),
                ('expires_at_us', models.BigIntegerField()),
                ('used_at_us', models.BigIntegerField(null=True)),
                ('contract', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='contracts.contract')),
            ],
            options={
                'verbose_name': 'signing code',
                'verbose_name_plural': 'signing codes',
                'ordering': ('contract', 'sent_at_us', 'code_id'),
            },
        ),
        append_only('contracts_feeschedule'),
        append_only('contracts_contractversion'),
        append_only('contracts_contract'),
        append_only('contracts_contractsigning'),
    ]
