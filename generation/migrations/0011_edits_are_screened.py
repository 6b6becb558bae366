from django.db import migrations, models


class Migration(migrations.Migration):
    """The flags of edited texts, and the signatures by which near-duplicates are found."""

    dependencies = [("generation", "0010_served_answers")]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="signature",
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="edit",
            name="flags",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="edit",
            name="flags_before",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="edit",
            name="takes_back",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=models.PROTECT,
                related_name="taken_back_by",
                to="generation.edit",
            ),
        ),
    ]
