"""The study's articles, so that they come from the database as in any real project."""

from django.db import migrations

from rating.content import CONTENT


def add_articles(apps, schema_editor):
    article = apps.get_model("rating", "Article")
    for position, given in enumerate(CONTENT["articles"]):
        article.objects.create(position=position, headline=given["headline"], text="\n\n".join(given["paragraphs"]))


class Migration(migrations.Migration):
    dependencies = [("rating", "0001_initial")]
    operations = [migrations.RunPython(add_articles, migrations.RunPython.noop)]
