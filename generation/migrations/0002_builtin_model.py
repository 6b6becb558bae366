"""The row of the built-in model, so that every installation has one to ask."""

from django.db import migrations


def add_builtin(apps, schema_editor):
    apps.get_model("generation", "LanguageModel").objects.get_or_create(
        key="built-in",
        defaults={
            "name": "SmolLM2 135M Instruct (built in)",
            "source": "builtin",
            "location": "HuggingFaceTB/SmolLM2-135M-Instruct",
            "licence": "Apache-2.0",
            "parameters": 134_515_008,
            "context_length": 8192,
        },
    )


class Migration(migrations.Migration):
    dependencies = [("generation", "0001_initial")]

    operations = [migrations.RunPython(add_builtin, migrations.RunPython.noop)]
