"""The panel's own id of the study, beside each submission."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveys", "0017_imported_submissions")]

    operations = [
        migrations.AddField(
            model_name="panelsubmission",
            name="panel_study",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    ]
