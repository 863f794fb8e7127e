"""The first tables of this app."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Merchant',
            fields=[
                ('merchant_id', models.CharField(max_length=15, primary_key=True, serialize=False, verbose_name='merchant number')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('name_en', models.CharField(max_length=80, verbose_name='English name')),
                ('mcc', models.CharField(max_length=4, verbose_name='category code (MCC)')),
                ('city', models.CharField(max_length=40, verbose_name='city')),
                ('is_active', models.BooleanField(db_default=True, default=True, verbose_name='active')),
                ('created_at_us', models.BigIntegerField(verbose_name='registered')),
            ],
            options={
                'verbose_name': 'merchant',
                'verbose_name_plural': 'merchants',
                'ordering': ('merchant_id',),
            },
        ),
    ]
