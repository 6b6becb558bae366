from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('surveys', '0013_untrue_in'),
    ]

    operations = [
        migrations.AddField(
            model_name='participant',
            name='invitation_hash',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=64),
        ),
    ]
