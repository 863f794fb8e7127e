"""The first tables of this app."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='TaskState',
            fields=[
                ('name', models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name='task')),
                ('due_at_us', models.BigIntegerField(verbose_name='due')),
                ('held_until_us', models.BigIntegerField(db_default=0, default=0, verbose_name='held until')),
                ('started_at_us', models.BigIntegerField(null=True, verbose_name='started')),
                ('finished_at_us', models.BigIntegerField(null=True, verbose_name='finished')),
                ('outcome', models.CharField(db_default='', default='', max_length=8, verbose_name='outcome')),
                ('did', models.IntegerField(db_default=0, default=0, verbose_name='acts done')),
                ('failures', models.IntegerField(db_default=0, default=0, verbose_name='failures in a row')),
                ('detail', models.CharField(db_default='', default='', max_length=200, verbose_name='detail')),
            ],
            options={
                'verbose_name': 'periodic task',
                'verbose_name_plural': 'periodic tasks',
                'ordering': ('name',),
            },
        ),
    ]
