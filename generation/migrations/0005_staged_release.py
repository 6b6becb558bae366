"""The GPT-2 family as its staged release had it, each at a pinned commit, to be downloaded by whoever needs it."""

from django.db import migrations

LICENCE = "Modified MIT (OpenAI)"
LICENCE_URL = "https://github.com/openai/gpt-2/blob/master/LICENSE"
NOTE = (
    "Released by OpenAI in stages in 2019: {when}. Trained on text of the web in English; it does not tell fact from "
    "fiction, and repeats the biases of what it was trained on. Its makers ask not to use it where texts have to be "
    "true, and to say of its texts that a machine wrote them."
)
# key, repository, commit, name, parameters, when it was released
FAMILY = [
    (
        "gpt2",
        "openai-community/gpt2",
        "607a30d783dfa663caf39e06633721c8d4cfcd7e",
        "GPT-2 124M",
        124_439_808,
        "this size in February",
    ),
    (
        "gpt2-medium",
        "openai-community/gpt2-medium",
        "6dcaa7a952f72f9298047fd5137cd6e4f05f41da",
        "GPT-2 355M",
        354_823_168,
        "this size in May",
    ),
    (
        "gpt2-large",
        "openai-community/gpt2-large",
        "32b71b12589c2f8d625668d2335a01cac3249519",
        "GPT-2 774M",
        774_030_080,
        "this size in August",
    ),
    (
        "gpt2-xl",
        "openai-community/gpt2-xl",
        "15ea56dee5df4983c59b2538573817e1667135e2",
        "GPT-2 1558M",
        1_557_611_200,
        "this size, the largest, in November",
    ),
]


def add_family(apps, schema_editor):
    for key, repository, commit, name, parameters, when in FAMILY:
        apps.get_model("generation", "LanguageModel").objects.get_or_create(
            key=key,
            defaults={
                "name": name,
                "source": "hub",
                "location": repository,
                "revision": commit,
                "licence": LICENCE,
                "terms_url": LICENCE_URL,
                "note": NOTE.format(when=when),
                "parameters": parameters,
                "context_length": 1024,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("generation", "0004_models_jobs_workers")]

    operations = [migrations.RunPython(add_family, migrations.RunPython.noop)]
