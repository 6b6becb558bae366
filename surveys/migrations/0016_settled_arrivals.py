"""Whoever was assigned nothing is settled (surveys/flow/tally.py)."""

from django.db import migrations


def settle_arrivals(apps, schema_editor):
    apps.get_model("surveys", "Participant").objects.filter(arm="", settled=False).update(settled=True)


def unsettle_arrivals(apps, schema_editor):
    """The code before this one assigns people without unsettling them: whoever is settled by then would hold no place."""
    apps.get_model("surveys", "Participant").objects.filter(arm="", settled=True).update(settled=False)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0015_article_hash")]

    operations = [migrations.RunPython(settle_arrivals, unsettle_arrivals)]
