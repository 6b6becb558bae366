from django.db import migrations, models


class Migration(migrations.Migration):
    """What a run has reserved of its study's budget."""

    dependencies = [("generation", "0011_edits_are_screened")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="promised",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
