from django.db import migrations, models


class Migration(migrations.Migration):
    """Which wordings of two texts were compared."""

    dependencies = [("generation", "0012_rounds_are_reserved")]

    operations = [
        migrations.AddField(
            model_name="comparison",
            name="first_sha256",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="comparison",
            name="second_sha256",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
