"""Applications with their papers, steps and findings, and the agents."""

import django.db.models.deletion
import tongbao.platform.columns
from django.conf import settings
from django.db import migrations, models

from tongbao.platform.append_only import append_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0003_onboarding'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Agent',
            fields=[
                ('agent_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('credit_code', models.CharField(db_default='', default='', max_length=18, verbose_name='credit code')),
                ('phone', models.CharField(max_length=20, verbose_name='phone')),
                ('region', models.CharField(db_default='', default='', max_length=40, verbose_name='region')),
                ('is_active', models.BooleanField(db_default=True, default=True, verbose_name='active')),
                ('created_at_us', models.BigIntegerField(verbose_name='registered')),
            ],
            options={
                'verbose_name': 'agent',
                'verbose_name_plural': 'agents',
                'ordering': ('name', 'agent_id'),
            },
        ),
        migrations.CreateModel(
            name='Application',
            fields=[
                ('application_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('kind', models.CharField(db_default='new', default='new', max_length=24, verbose_name='kind')),
                ('tier', models.CharField(max_length=16, verbose_name='tier')),
                ('status', models.CharField(db_default='draft', default='draft', max_length=24, verbose_name='status')),
                ('reviewer', models.CharField(db_default='', default='', max_length=64, verbose_name='reviewer')),
                ('data', models.JSONField(default=dict)),
                ('secrets_sealed', models.BinaryField(default=bytes)),
                ('version', models.IntegerField(db_default=1, default=1)),
                ('created_at_us', models.BigIntegerField(verbose_name='begun')),
                ('updated_at_us', models.BigIntegerField(verbose_name='changed')),
                ('submitted_at_us', models.BigIntegerField(null=True, verbose_name='submitted')),
                ('promised_at_us', models.BigIntegerField(null=True, verbose_name='promised')),
                ('reminded_at_us', models.BigIntegerField(null=True)),
                ('agent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='onboarding.agent')),
                ('merchant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='merchants.merchant')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'application',
                'verbose_name_plural': 'applications',
                'ordering': ('-created_at_us', 'application_id'),
            },
        ),
        migrations.CreateModel(
            name='AgentPromise',
            fields=[
                ('promise_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('subject', models.CharField(max_length=16)),
                ('words', models.CharField(max_length=500)),
                ('recorded_by', models.CharField(max_length=64)),
                ('at_us', models.BigIntegerField()),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promises', to='onboarding.agent')),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promises', to='onboarding.application')),
            ],
            options={
                'verbose_name': 'promise of an agent',
                'verbose_name_plural': 'promises of agents',
                'ordering': ('promise_id',),
            },
        ),
        migrations.CreateModel(
            name='ApplicationEvent',
            fields=[
                ('event_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=32)),
                ('from_status', models.CharField(max_length=24)),
                ('to_status', models.CharField(max_length=24)),
                ('at_us', models.BigIntegerField()),
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=64)),
                ('actor_name', models.CharField(max_length=80)),
                ('note', models.CharField(db_default='', default='', max_length=500)),
                ('detail', models.JSONField(default=dict)),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='onboarding.application')),
            ],
            options={
                'verbose_name': 'step of an application',
                'verbose_name_plural': 'steps of applications',
                'ordering': ('event_id',),
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('finding_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('round_no', models.IntegerField()),
                ('code', models.CharField(max_length=48)),
                ('field', models.CharField(db_default='', default='', max_length=48)),
                ('origin', models.CharField(max_length=16)),
                ('note', models.CharField(db_default='', default='', max_length=500)),
                ('opened_at_us', models.BigIntegerField()),
                ('cleared_at_us', models.BigIntegerField(null=True)),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='onboarding.application')),
            ],
            options={
                'verbose_name': 'finding',
                'verbose_name_plural': 'findings',
                'ordering': ('application', 'round_no', 'opened_at_us', 'finding_id'),
            },
        ),
        migrations.CreateModel(
            name='OneFenDeposit',
            fields=[
                ('deposit_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('account_token', models.CharField(max_length=32)),
                ('bank_reference', models.CharField(db_default='', default='', max_length=64)),
                ('code_hash', models.CharField(max_length=64)),
                ('tries', models.IntegerField(db_default=0, default=0)),
                ('sent_at_us', models.BigIntegerField()),
                ('expires_at_us', models.BigIntegerField()),
                ('confirmed_at_us', models.BigIntegerField(null=True)),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deposits', to='onboarding.application')),
            ],
            options={
                'verbose_name': 'one-fen deposit',
                'verbose_name_plural': 'one-fen deposits',
                'ordering': ('application', 'sent_at_us', 'deposit_id'),
            },
        ),
        migrations.CreateModel(
            name='Paper',
            fields=[
                ('paper_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=32)),
                ('file_name', models.CharField(max_length=120)),
                ('media_type', models.CharField(max_length=32)),
                ('size_bytes', models.IntegerField()),
                ('width_px', models.IntegerField(db_default=0, default=0)),
                ('height_px', models.IntegerField(db_default=0, default=0)),
                ('sha256', models.CharField(max_length=64)),
                ('sealed', models.BinaryField()),
                ('uploaded_at_us', models.BigIntegerField()),
                ('uploaded_by', models.CharField(max_length=64)),
                ('removed_at_us', models.BigIntegerField(null=True)),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='onboarding.application')),
            ],
            options={
                'verbose_name': 'paper',
                'verbose_name_plural': 'papers',
                'ordering': ('application', 'uploaded_at_us', 'paper_id'),
            },
        ),
        migrations.CreateModel(
            name='PaperReading',
            fields=[
                ('reading_id', tongbao.platform.columns.AppendOnlyIdField(primary_key=True, serialize=False)),
                ('outcome', models.CharField(max_length=24)),
                ('values_sealed', models.BinaryField(default=bytes)),
                ('took_ms', models.IntegerField(db_default=0, default=0)),
                ('read_at_us', models.BigIntegerField()),
                ('paper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='onboarding.paper')),
            ],
            options={
                'verbose_name': 'reading of a paper',
                'verbose_name_plural': 'readings of papers',
                'ordering': ('reading_id',),
            },
        ),
        migrations.CreateModel(
            name='Agency',
            fields=[
                ('agency_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('role', models.CharField(max_length=8)),
                ('from_us', models.BigIntegerField()),
                ('ended_at_us', models.BigIntegerField(null=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='agencies', to='merchants.merchant')),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='agencies', to='onboarding.agent')),
            ],
            options={
                'verbose_name': 'agency',
                'verbose_name_plural': 'agencies',
                'ordering': ('merchant', 'from_us', 'agency_id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at_us__isnull', True)), fields=('merchant', 'role'), name='onboarding_agency_one_per_role')],
            },
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['status', 'promised_at_us'], name='onboarding_by_promise'),
        ),
        append_only('onboarding_applicationevent'),
        append_only('onboarding_agentpromise'),
        append_only('onboarding_paperreading'),
    ]
