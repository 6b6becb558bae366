from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('surveys', '0012_settled_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='article',
            name='untrue_in',
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
