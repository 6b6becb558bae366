"""All tables of the workshop at once, with the models that everybody starts with, for a new database."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
import generation.models.batches
from django.conf import settings
from django.db import migrations, models

builtin_model = import_module("generation.migrations.0002_builtin_model")
staged_release = import_module("generation.migrations.0005_staged_release")


class Migration(migrations.Migration):

    replaces = [('generation', '0001_initial'), ('generation', '0002_builtin_model'), ('generation', '0003_prompt_as_given'), ('generation', '0004_models_jobs_workers'), ('generation', '0005_staged_release'), ('generation', '0006_curation_workshop'), ('generation', '0007_prompt_slots'), ('generation', '0008_text_scores'), ('generation', '0009_gguf_and_trust')]

    initial = True

    dependencies = [
        ('surveys', '0010_timed_out_here_too'),
    ]

    operations = [
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tokens_a_day', models.PositiveBigIntegerField()),
                ('study', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='generation_budget', to='surveys.study')),
            ],
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
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'number'), name='bulk_rejection_number_once_a_study')],
            },
        ),
        migrations.CreateModel(
            name='CurationRules',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_blind', models.BooleanField(default=False)),
                ('most_edited', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('study', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='curation_rules', to='surveys.study')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('most_edited__isnull', True), ('most_edited__lte', 100), _connector='OR'), name='an_edit_limit_is_a_percentage')],
            },
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
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'gate', 'findings_sha256'), name='findings_overridden_once'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='an_override_says_why')],
            },
        ),
        migrations.CreateModel(
            name='LanguageModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=60, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('source', models.CharField(choices=[('builtin', 'Built in'), ('folder', "A folder on the worker's machine"), ('hub', 'Hugging Face hub'), ('server', 'A server (OpenAI-compatible)')], max_length=10)),
                ('location', models.CharField(max_length=500)),
                ('revision', models.CharField(blank=True, max_length=100)),
                ('licence', models.CharField(blank=True, max_length=100)),
                ('parameters', models.PositiveBigIntegerField(blank=True, null=True)),
                ('context_length', models.PositiveIntegerField(help_text='Tokens that prompt and text together may have.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('dialect', models.CharField(blank=True, choices=[('openai', "OpenAI's own parameters only"), ('vllm', 'vLLM'), ('llama.cpp', 'llama.cpp')], max_length=10)),
                ('key_variable', models.CharField(blank=True, max_length=80)),
                ('note', models.TextField(blank=True)),
                ('terms', models.TextField(blank=True)),
                ('terms_url', models.URLField(blank=True)),
                ('file', models.CharField(blank=True, max_length=200)),
                ('trusts_code', models.BooleanField(default=False)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('location', ''), _negated=True), name='a_model_lies_somewhere'), models.CheckConstraint(condition=models.Q(('context_length__gte', 1)), name='a_model_holds_at_least_one_token'), models.CheckConstraint(condition=models.Q(models.Q(('source', 'hub'), _negated=True), models.Q(('revision', ''), _negated=True), _connector='OR'), name='a_hub_model_has_its_revision'), models.CheckConstraint(condition=models.Q(models.Q(('source', 'server'), _negated=True), models.Q(models.Q(('dialect', ''), _negated=True), models.Q(('revision', ''), _negated=True)), _connector='OR'), name='a_server_says_how_it_is_asked')],
            },
        ),
        migrations.CreateModel(
            name='Prompt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('continuation', 'The opening of an article, to be continued'), ('instruction', 'An instruction, to be followed'), ('fields', "An article's fields (outlet, date, authors, headline), from which the body follows")], max_length=12)),
                ('text', models.TextField()),
                ('headline', models.CharField(blank=True, max_length=300)),
                ('language', models.CharField(default='en', max_length=35)),
                ('opening_shown', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('story', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prompts', to='surveys.story')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prompts', to='surveys.study')),
                ('slots', models.JSONField(blank=True, default=dict)),
                ('template', models.TextField(blank=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'number'), name='prompt_number_once_a_study'), models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='a_prompt_has_a_text'), models.CheckConstraint(condition=models.Q(('kind', 'continuation'), ('opening_shown', False), _connector='OR'), name='only_an_opening_can_be_shown')],
            },
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('sampling', models.JSONField()),
                ('size', models.PositiveIntegerField()),
                ('seed', models.PositiveBigIntegerField()),
                ('prompt_tokens', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('queued', 'Waiting for a worker'), ('running', 'Being written'), ('done', 'Done'), ('paused', 'Paused'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('error', models.TextField(blank=True)),
                ('tokens_done', models.PositiveIntegerField(default=0)),
                ('lease_owner', models.CharField(blank=True, max_length=200)),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True)),
                ('announced_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='surveys.study')),
                ('language_model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='generation.languagemodel')),
                ('prompt', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='generation.prompt')),
                ('priority', models.SmallIntegerField(choices=[(-1, 'After my others'), (0, 'In turn'), (1, 'Before my others')], default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['status', 'created_at'], name='batch_queue')],
                'constraints': [models.UniqueConstraint(fields=('study', 'number'), name='batch_number_once_a_study'), models.CheckConstraint(condition=models.Q(('size__gte', 1)), name='a_batch_has_candidates'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'running'), models.Q(('lease_owner', ''), _negated=True), ('lease_expires_at__isnull', False)), models.Q(models.Q(('status', 'running'), _negated=True), ('lease_owner', ''), ('lease_expires_at__isnull', True)), _connector='OR'), name='exactly_a_running_batch_is_leased'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'failed'), _negated=True), models.Q(('error', ''), _negated=True), _connector='OR'), name='a_failed_batch_says_why')],
            },
        ),
        migrations.CreateModel(
            name='Download',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('queued', 'Waiting for a worker'), ('running', 'Under way'), ('done', 'Done'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('bytes_done', models.PositiveBigIntegerField(default=0)),
                ('bytes_total', models.PositiveBigIntegerField(blank=True, null=True)),
                ('error', models.TextField(blank=True)),
                ('lease_owner', models.CharField(blank=True, max_length=200)),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                ('announced_at', models.DateTimeField(blank=True, null=True)),
                ('requested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('language_model', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='download', to='generation.languagemodel')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('status', 'failed'), _negated=True), models.Q(('error', ''), _negated=True), _connector='OR'), name='a_failed_download_says_why')],
            },
        ),
        migrations.CreateModel(
            name='TermsAcceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('terms_sha256', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('language_model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='acceptances', to='generation.languagemodel')),
                ('researcher', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('language_model', 'researcher', 'terms_sha256'), name='terms_accepted_once_a_researcher')],
            },
        ),
        migrations.CreateModel(
            name='TextScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('queued', 'Waiting for a worker'), ('running', 'Being scored'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('error', models.TextField(blank=True)),
                ('lease_owner', models.CharField(blank=True, max_length=200)),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                ('announced_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('requested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('model_sha256', models.CharField(blank=True, max_length=64)),
                ('model_identity', models.JSONField(default=dict)),
                ('engine_versions', models.JSONField(default=dict)),
                ('ends', models.JSONField(default=list)),
                ('logprobs', models.JSONField(default=list)),
                ('ranks', models.JSONField(default=list)),
                ('perplexity', models.FloatField(blank=True, null=True)),
                ('is_whole', models.BooleanField(default=True)),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='surveys.article')),
                ('language_model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='generation.languagemodel')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['status', 'requested_at'], name='score_queue')],
                'constraints': [models.UniqueConstraint(fields=('article', 'language_model'), name='text_scored_once_a_model'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'failed'), _negated=True), models.Q(('error', ''), _negated=True), _connector='OR'), name='a_failed_score_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'done'), _negated=True), models.Q(('model_sha256', ''), _negated=True), _connector='OR'), name='a_score_says_which_model_gave_it'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'running'), models.Q(('lease_owner', ''), _negated=True), ('lease_expires_at__isnull', False)), models.Q(models.Q(('status', 'running'), _negated=True), ('lease_owner', ''), ('lease_expires_at__isnull', True)), _connector='OR'), name='exactly_a_running_score_is_leased')],
            },
        ),
        migrations.CreateModel(
            name='TrustChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('trusts_code', models.BooleanField()),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('language_model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='trust_changes', to='generation.languagemodel')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='trust_changes_for_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('owner', models.CharField(max_length=200)),
                ('model_identity', models.JSONField(default=dict)),
                ('engine_versions', models.JSONField(default=dict)),
                ('started_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('drafting_since', models.DateTimeField(blank=True, null=True)),
                ('steps', models.PositiveIntegerField(default=0)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='generation.batch')),
                ('given_text', models.TextField(blank=True)),
                ('given_tokens', models.PositiveIntegerField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('batch', 'number'), name='run_number_once_a_batch')],
            },
        ),
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
                ('process', models.PositiveIntegerField()),
                ('device', models.CharField(blank=True, max_length=200)),
                ('model_name', models.CharField(blank=True, max_length=200)),
                ('memory', models.PositiveBigIntegerField(blank=True, null=True)),
                ('free', models.PositiveBigIntegerField(blank=True, null=True)),
                ('gpu_memory', models.PositiveBigIntegerField(blank=True, null=True)),
                ('gpu_free', models.PositiveBigIntegerField(blank=True, null=True)),
                ('started_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('seen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('batch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generation.batch')),
            ],
        ),
        migrations.CreateModel(
            name='Candidate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('index', models.PositiveIntegerField()),
                ('seed', models.PositiveBigIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('drafted', 'Drafted'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('raw_text', models.TextField(blank=True)),
                ('raw_sha256', models.CharField(blank=True, max_length=64)),
                ('text', models.TextField(blank=True)),
                ('removals', models.JSONField(default=list)),
                ('flags', models.JSONField(default=list)),
                ('flag_count', models.PositiveSmallIntegerField(default=0)),
                ('finish_reason', models.CharField(blank=True, max_length=20)),
                ('tokens', models.PositiveIntegerField(default=0)),
                ('seconds', models.FloatField(blank=True, null=True)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('mean_logprob', models.FloatField(blank=True, null=True)),
                ('token_ids', models.JSONField(default=list)),
                ('logprobs', models.JSONField(default=list)),
                ('ranks', models.JSONField(default=list)),
                ('drafted_at', models.DateTimeField(blank=True, null=True)),
                ('decision', models.CharField(choices=[('pending', 'Pending'), ('accepted', 'Accepted'), ('rejected', 'Rejected')], default='pending', max_length=10)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('article', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='candidate', to='surveys.article')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='candidates', to='generation.batch')),
                ('run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='candidates', to='generation.run')),
                ('code', models.CharField(default=generation.models.batches.text_code, editable=False, max_length=20, unique=True)),
                ('is_marked', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['batch', 'state', 'decision'], name='candidate_review')],
                'constraints': [models.UniqueConstraint(fields=('batch', 'index'), name='candidate_once_a_batch_and_index'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'drafted'), _negated=True), models.Q(('run__isnull', False), models.Q(('raw_sha256', ''), _negated=True), ('drafted_at__isnull', False)), _connector='OR'), name='a_draft_says_where_it_came_from'), models.CheckConstraint(condition=models.Q(('state', 'drafted'), models.Q(('decision', 'pending'), ('raw_text', '')), _connector='OR'), name='only_a_draft_can_be_decided'), models.CheckConstraint(condition=models.Q(models.Q(('decision', 'accepted'), _negated=True), ('article__isnull', False), _connector='OR'), name='accepted_means_an_article')],
            },
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
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('taken_back_at__isnull', True)), fields=('first', 'second', 'by'), name='a_pair_once_a_curator'), models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='a_pair_stands_in_order'), models.CheckConstraint(condition=models.Q(('winner__isnull', True), ('winner', models.F('first')), ('winner', models.F('second')), _connector='OR'), name='a_winner_is_one_of_the_pair')],
            },
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
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('cut__gte', 1)), name='a_continuation_keeps_something')],
            },
        ),
        migrations.CreateModel(
            name='Edit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='edits', to='generation.candidate')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('candidate', 'number'), name='edit_number_once_a_candidate'), models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='an_edit_leaves_a_text')],
            },
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
            options={
                'constraints': [models.UniqueConstraint(fields=('candidate', 'number'), name='opinion_number_once_a_candidate'), models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'reject'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='an_opinion_against_a_text_says_why')],
            },
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
            options={
                'constraints': [models.UniqueConstraint(fields=('candidate', 'number'), name='remark_number_once_a_candidate'), models.CheckConstraint(condition=models.Q(models.Q(('text', ''), _negated=True), models.Q(('mark', ''), _negated=True), _connector='OR'), name='a_remark_says_something')],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('old', models.CharField(choices=[('pending', 'Pending'), ('accepted', 'Accepted'), ('rejected', 'Rejected')], max_length=10)),
                ('new', models.CharField(choices=[('pending', 'Pending'), ('accepted', 'Accepted'), ('rejected', 'Rejected')], max_length=10)),
                ('reason', models.TextField(blank=True)),
                ('rule', models.TextField(blank=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='generation.candidate')),
                ('seconds', models.FloatField(blank=True, null=True)),
                ('bulk', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='generation.bulkrejection')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('candidate', 'number'), name='review_number_once_a_candidate'), models.CheckConstraint(condition=models.Q(('old', models.F('new')), _negated=True), name='a_review_changes_the_decision'), models.CheckConstraint(condition=models.Q(models.Q(('new', 'rejected'), _negated=True), models.Q(('reason', ''), ('rule', ''), _negated=True), _connector='OR'), name='a_rejection_says_why')],
            },
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
            options={
                'constraints': [models.UniqueConstraint(fields=('candidate', 'by'), name='one_scratch_a_text_and_person')],
            },
        ),
        migrations.RunPython(builtin_model.add_builtin, migrations.RunPython.noop),
        migrations.RunPython(staged_release.add_family, migrations.RunPython.noop),
    ]
