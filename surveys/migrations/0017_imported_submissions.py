"""Which submissions only a panel's list told of: those that were stored with their status."""

from django.db import migrations, models


def mark_imported(apps, schema_editor):
    """Of who was imported more than once it cannot be told any more; they stay as brought."""
    submissions = apps.get_model("surveys", "PanelSubmission").objects
    submissions.filter(status_at=models.F("seen_at")).update(is_imported=True)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0016_settled_arrivals")]

    operations = [
        migrations.AddField(
            model_name="panelsubmission", name="is_imported", field=models.BooleanField(db_default=False)
        ),
        migrations.RunPython(mark_imported, migrations.RunPython.noop),
    ]
