"""A random key for each membership, which addresses carry instead of the row's number."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import surveys.models.people


def give_keys(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Each row that is there already gets a key of its own: a default would give all of them the same."""
    memberships = apps.get_model("surveys", "Membership")
    for pk in memberships.objects.values_list("pk", flat=True):
        memberships.objects.filter(pk=pk).update(key=surveys.models.people.member_key())


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0004_sign_in_attempt"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="key",
            field=models.CharField(default="", editable=False, max_length=20),
            preserve_default=False,
        ),
        migrations.RunPython(give_keys, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="membership",
            name="key",
            field=models.CharField(
                default=surveys.models.people.member_key, editable=False, max_length=20, unique=True
            ),
        ),
    ]
