"""How texts are curated: rules, marks, opinions, comparisons, continuations; and a random code for each text."""

import django.db.models.deletion
import django.db.models.functions.datetime
import generation.models.batches
from django.conf import settings
from django.db import migrations, models


def give_codes(apps, schema_editor):
    """Each text that is there already gets a code of its own: a default would give all of them the same."""
    candidates = apps.get_model("generation", "Candidate")
    for pk in candidates.objects.values_list("pk", flat=True):
        candidates.objects.filter(pk=pk).update(code=generation.models.batches.text_code())


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0005_staged_release'),
        ('surveys', '0006_conditions_keys_and_endings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='candidate',
            name='code',
            field=models.CharField(default='', editable=False, max_length=20),
            preserve_default=False,
        ),
        migrations.RunPython(give_codes, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='candidate',
            name='code',
            field=models.CharField(default=generation.models.batches.text_code, editable=False, max_length=20, unique=True),
        ),
        migrations.AddField(
            model_name='candidate',
            name='is_marked',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='review',
            name='seconds',
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='BulkRejection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('rule', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bulk_rejections', to='surveys.study')),
            ],
        ),
        migrations.AddField(
            model_name='review',
            name='bulk',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='generation.bulkrejection'),
        ),
        migrations.CreateModel(
            name='Comparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_left', models.BooleanField()),
                ('seconds', models.FloatField(blank=True, null=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('taken_back_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.candidate')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.candidate')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comparisons', to='surveys.study')),
                ('winner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='comparisons_won', to='generation.candidate')),
            ],
        ),
        migrations.CreateModel(
            name='Continuation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cut', models.PositiveIntegerField()),
                ('text_sha256', models.CharField(max_length=64)),
                ('batch', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='continuation', to='generation.batch')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='continuations', to='generation.candidate')),
            ],
        ),
        migrations.CreateModel(
            name='CurationRules',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_blind', models.BooleanField(default=False)),
                ('most_edited', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('study', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='curation_rules', to='surveys.study')),
            ],
        ),
        migrations.CreateModel(
            name='GateOverride',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gate', models.CharField(max_length=20)),
                ('findings_sha256', models.CharField(max_length=64)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gate_overrides', to='surveys.study')),
            ],
        ),
        migrations.CreateModel(
            name='Opinion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('verdict', models.CharField(choices=[('accept', 'Accept'), ('reject', 'Reject'), ('withdrawn', 'Taken back')], max_length=10)),
                ('reason', models.TextField(blank=True)),
                ('text_sha256', models.CharField(max_length=64)),
                ('seconds', models.FloatField(blank=True, null=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='opinions', to='generation.candidate')),
            ],
        ),
        migrations.CreateModel(
            name='Remark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('text', models.TextField(blank=True)),
                ('mark', models.CharField(blank=True, choices=[('', 'Unchanged'), ('raised', 'Marked'), ('lowered', 'Mark taken off')], default='', max_length=10)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='remarks', to='generation.candidate')),
            ],
        ),
        migrations.CreateModel(
            name='Scratch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(blank=True, null=True)),
                ('note', models.TextField(blank=True)),
                ('revision', models.PositiveIntegerField()),
                ('sequence', models.PositiveBigIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.candidate')),
            ],
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='generation.candidate')),
                ('curator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('candidate', 'curator'), name='asked_once_a_text_and_curator')],
            },
        ),
        migrations.AddConstraint(
            model_name='bulkrejection',
            constraint=models.UniqueConstraint(fields=('study', 'number'), name='bulk_rejection_number_once_a_study'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.UniqueConstraint(condition=models.Q(('taken_back_at__isnull', True)), fields=('first', 'second', 'by'), name='a_pair_once_a_curator'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='a_pair_stands_in_order'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(('winner__isnull', True), ('winner', models.F('first')), ('winner', models.F('second')), _connector='OR'), name='a_winner_is_one_of_the_pair'),
        ),
        migrations.AddConstraint(
            model_name='continuation',
            constraint=models.CheckConstraint(condition=models.Q(('cut__gte', 1)), name='a_continuation_keeps_something'),
        ),
        migrations.AddConstraint(
            model_name='curationrules',
            constraint=models.CheckConstraint(condition=models.Q(('most_edited__isnull', True), ('most_edited__lte', 100), _connector='OR'), name='an_edit_limit_is_a_percentage'),
        ),
        migrations.AddConstraint(
            model_name='gateoverride',
            constraint=models.UniqueConstraint(fields=('study', 'gate', 'findings_sha256'), name='findings_overridden_once'),
        ),
        migrations.AddConstraint(
            model_name='gateoverride',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='an_override_says_why'),
        ),
        migrations.AddConstraint(
            model_name='opinion',
            constraint=models.UniqueConstraint(fields=('candidate', 'number'), name='opinion_number_once_a_candidate'),
        ),
        migrations.AddConstraint(
            model_name='opinion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'reject'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='an_opinion_against_a_text_says_why'),
        ),
        migrations.AddConstraint(
            model_name='remark',
            constraint=models.UniqueConstraint(fields=('candidate', 'number'), name='remark_number_once_a_candidate'),
        ),
        migrations.AddConstraint(
            model_name='remark',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('text', ''), _negated=True), models.Q(('mark', ''), _negated=True), _connector='OR'), name='a_remark_says_something'),
        ),
        migrations.AddConstraint(
            model_name='scratch',
            constraint=models.UniqueConstraint(fields=('candidate', 'by'), name='one_scratch_a_text_and_person'),
        ),
    ]
