"""Whether a merchant may take mail and phone orders."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0001_register'),
    ]

    operations = [
        migrations.AddField(
            model_name='merchant',
            name='mail_order_allowed',
            field=models.BooleanField(db_default=False, default=False, verbose_name='mail and phone orders'),
        ),
    ]
