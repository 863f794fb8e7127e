"""Operators of terminals and function codes."""
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('fleet', '0003_devices'),
        ('merchants', '0003_onboarding'),
    ]

    operations = [
        migrations.CreateModel(
            name='FunctionCode',
            fields=[
                ('code_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=8, verbose_name='function code')),
                ('version', models.IntegerField(verbose_name='version')),
                ('kind', models.CharField(max_length=40, verbose_name='function')),
                ('function_class', models.CharField(max_length=16, verbose_name='class')),
                ('role', models.CharField(max_length=16, verbose_name='role')),
                ('password_hash', models.CharField(db_default='', default='', max_length=255)),
                ('valid_from_us', models.BigIntegerField(verbose_name='valid from')),
                ('ended_at_us', models.BigIntegerField(null=True, verbose_name='ended')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='function_codes', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'function code',
                'verbose_name_plural': 'function codes',
                'ordering': ('code', '-version'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at_us__isnull', True)), fields=('merchant', 'code'), name='operators_one_open_code'), models.UniqueConstraint(fields=('merchant', 'code', 'version'), name='operators_code_version_once')],
            },
        ),
        migrations.CreateModel(
            name='TerminalOperator',
            fields=[
                ('operator_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=2, verbose_name='operator number')),
                ('name', models.CharField(max_length=40, verbose_name='name')),
                ('role', models.CharField(max_length=16, verbose_name='role')),
                ('pin_hash', models.CharField(max_length=255)),
                ('must_change', models.BooleanField(default=True, verbose_name='must change the PIN')),
                ('created_at_us', models.BigIntegerField(verbose_name='added')),
                ('changed_at_us', models.BigIntegerField(verbose_name='changed')),
                ('pin_changed_at_us', models.BigIntegerField(verbose_name='PIN changed')),
                ('ended_at_us', models.BigIntegerField(null=True, verbose_name='ended')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='operators', to='merchants.merchant', verbose_name='merchant')),
                ('terminal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='operators', to='fleet.terminal', verbose_name='terminal')),
            ],
            options={
                'verbose_name': 'terminal operator',
                'verbose_name_plural': 'terminal operators',
                'ordering': ('number', 'operator_id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at_us__isnull', True), ('terminal__isnull', True)), fields=('merchant', 'number'), name='operators_one_number_of_merchant'), models.UniqueConstraint(condition=models.Q(('ended_at_us__isnull', True), ('terminal__isnull', False)), fields=('terminal', 'number'), name='operators_one_number_of_terminal')],
            },
        ),
    ]
