"""All tables of the studies at once: the ten steps in which they grew, as one, for a new database."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import surveys.models.participation
import surveys.models.people
import surveys.models.study
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('surveys', '0001_initial'), ('surveys', '0002_alter_participant_outcome'), ('surveys', '0003_arm_group'), ('surveys', '0004_sign_in_attempt'), ('surveys', '0005_membership_key'), ('surveys', '0006_conditions_keys_and_endings'), ('surveys', '0007_answer_option_order'), ('surveys', '0008_page_views'), ('surveys', '0009_network_hash'), ('surveys', '0010_timed_out_here_too')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Researcher',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='researcher_email_once_whatever_its_case')],
            },
        ),
        migrations.CreateModel(
            name='SignInAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address_hash', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['address_hash', 'at'], name='attempts_of_an_address'), models.Index(fields=['at'], name='attempts_by_age')],
            },
        ),
        migrations.CreateModel(
            name='SignInLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('researcher', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sign_in_links', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Study',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(default=surveys.models.study.entry_key, editable=False, max_length=20, unique=True)),
                ('name', models.CharField(help_text='For the team only; participants see the title.', max_length=200, verbose_name='working name')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('frozen', 'Frozen'), ('live', 'Live'), ('paused', 'Paused'), ('closed', 'Closed')], db_default='draft', default='draft', max_length=10)),
                ('definition', models.JSONField(default=dict)),
                ('recruitment', models.JSONField(blank=True, default=dict)),
                ('allocation_seed', models.BigIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('launched_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('is_demonstration', models.BooleanField(default=False, editable=False)),
                ('created_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='copies', to='surveys.study')),
            ],
        ),
        migrations.CreateModel(
            name='AccessKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('keyed_hash', models.CharField(max_length=64)),
                ('batch', models.PositiveIntegerField()),
                ('number', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_keys', to='surveys.study')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'keyed_hash'), name='access_key_once_a_study'), models.UniqueConstraint(fields=('study', 'batch', 'number'), name='access_key_number_once_a_batch')],
            },
        ),
        migrations.CreateModel(
            name='Arm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=40)),
                ('label', models.CharField(help_text='For the team and the report; participants never see it.', max_length=120)),
                ('origin', models.CharField(choices=[('real', 'Real'), ('synthetic', 'Machine-written')], max_length=10)),
                ('curation', models.CharField(blank=True, choices=[('', 'Not applicable'), ('curated', 'Curated'), ('uncurated', 'Uncurated, picked at random')], default='', max_length=10)),
                ('model_slot', models.CharField(blank=True, help_text="Which model's texts belong here, such as gpt2-355M.", max_length=200, verbose_name='model')),
                ('level', models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                ('weight', models.PositiveSmallIntegerField(default=1)),
                ('target', models.PositiveIntegerField(blank=True, help_text='Completed participants wanted.', null=True)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='arms', to='surveys.study')),
                ('group', models.SlugField(blank=True, default='', help_text='Mixed designs only: the arms that one person reads together.', max_length=40)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'key'), name='arm_key_once_a_study'), models.CheckConstraint(condition=models.Q(('weight__gte', 1)), name='arm_weight_at_least_one')],
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.PositiveIntegerField()),
                ('verb', models.CharField(max_length=60)),
                ('subject', models.CharField(blank=True, max_length=200)),
                ('content_sha256', models.CharField(blank=True, max_length=64)),
                ('at', models.DateTimeField()),
                ('previous', models.CharField(blank=True, max_length=64)),
                ('digest', models.CharField(max_length=64)),
                ('researcher', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='audit', to='surveys.study')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'sequence'), name='audit_sequence_once_a_study')],
            },
        ),
        migrations.CreateModel(
            name='KeyAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address_hash', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='key_attempts', to='surveys.study')),
            ],
            options={
                'indexes': [models.Index(fields=['study', 'address_hash', 'at'], name='tried_keys_of_an_address'), models.Index(fields=['at'], name='tried_keys_by_age')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('curator', 'Curator'), ('analyst', 'Analyst'), ('observer', 'Observer')], max_length=10)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('researcher', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='surveys.study')),
                ('key', models.CharField(default=surveys.models.people.member_key, editable=False, max_length=20, unique=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'researcher'), name='one_role_a_researcher_and_study')],
            },
        ),
        migrations.CreateModel(
            name='Story',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=60)),
                ('title', models.CharField(max_length=200)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stories', to='surveys.study')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'key'), name='story_key_once_a_study')],
            },
        ),
        migrations.CreateModel(
            name='StudyVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('document', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('frozen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('frozen_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='surveys.study')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'number'), name='version_number_once_a_study')],
            },
        ),
        migrations.CreateModel(
            name='Unblinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='unblinding', to='surveys.study')),
            ],
        ),
        migrations.CreateModel(
            name='AllocationCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('live', 'Live'), ('pilot', 'Pilot'), ('preview', 'Preview'), ('simulated', 'Simulated')], max_length=10)),
                ('stratum', models.CharField(blank=True, default='', max_length=120)),
                ('allocated', models.PositiveIntegerField(default=0)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='allocation_counters', to='surveys.studyversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('version', 'mode', 'stratum'), name='counter_once_a_version_mode_stratum')],
            },
        ),
        migrations.CreateModel(
            name='Amendment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('target', 'Changed target'), ('article', 'Dropped article')], max_length=10)),
                ('detail', models.JSONField()),
                ('reason', models.TextField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='amendments', to='surveys.studyversion')),
            ],
        ),
        migrations.CreateModel(
            name='Article',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=60)),
                ('origin', models.CharField(choices=[('real', 'Real'), ('synthetic', 'Machine-written')], max_length=10)),
                ('headline', models.CharField(blank=True, max_length=300)),
                ('text', models.TextField()),
                ('sha256', models.CharField(editable=False, max_length=64)),
                ('language', models.CharField(default='en', max_length=35)),
                ('source', models.CharField(blank=True, max_length=200)),
                ('author', models.CharField(blank=True, max_length=200)),
                ('published_on', models.DateField(blank=True, null=True)),
                ('url', models.URLField(blank=True, max_length=500)),
                ('model_name', models.CharField(blank=True, max_length=200)),
                ('curation', models.CharField(blank=True, choices=[('', 'Not applicable'), ('curated', 'Curated'), ('uncurated', 'Uncurated, picked at random')], default='', max_length=10)),
                ('untrue', models.TextField(blank=True, verbose_name='what is not true in it')),
                ('is_invented', models.BooleanField(default=False)),
                ('lineage', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('taken_down_at', models.DateTimeField(blank=True, null=True)),
                ('arm', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='articles', to='surveys.arm')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('replaced_by', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='surveys.article')),
                ('story', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='articles', to='surveys.story')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='articles', to='surveys.study')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'key'), name='article_key_once_a_study'), models.CheckConstraint(condition=models.Q(('sha256', ''), _negated=True), name='article_has_a_hash')],
            },
        ),
        migrations.CreateModel(
            name='Participant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('live', 'Live'), ('pilot', 'Pilot'), ('preview', 'Preview'), ('simulated', 'Simulated')], max_length=10)),
                ('export_id', models.CharField(default=surveys.models.participation.export_id, max_length=16)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('language', models.CharField(default='en', max_length=35)),
                ('stage', models.CharField(choices=[('consent', 'Consent'), ('before', 'Questions before'), ('reading', 'Articles'), ('looking-back', 'Questions about the articles read'), ('after', 'Questions after'), ('debrief', 'Debriefing'), ('end', 'End')], default='consent', max_length=12)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('outcome', models.CharField(blank=True, choices=[('', 'Under way'), ('completed', 'Completed'), ('no-consent', 'Did not consent'), ('screened-out', 'Screened out'), ('failed-checks', 'Failed the attention checks'), ('left', 'Left'), ('quota-full', 'Quota full'), ('took-part-before', 'Took part before'), ('returned', 'Returned to the panel'), ('timed-out', 'Timed out'), ('withdrawn', 'Withdrawn'), ('closed', 'Still inside when the study closed')], default='', max_length=20)),
                ('arm', models.CharField(blank=True, default='', max_length=60)),
                ('stratum', models.CharField(blank=True, default='', max_length=120)),
                ('completion_code', models.CharField(blank=True, default='', max_length=40)),
                ('arrived_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('consented_at', models.DateTimeField(blank=True, null=True)),
                ('randomised_at', models.DateTimeField(blank=True, null=True)),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                ('exposed_at', models.DateTimeField(blank=True, null=True)),
                ('debriefed_at', models.DateTimeField(blank=True, null=True)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='participants', to='surveys.study')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='participants', to='surveys.studyversion')),
                ('condition', models.CharField(blank=True, default='', max_length=120)),
                ('network_hash', models.CharField(blank=True, default='', max_length=64)),
            ],
            options={
                'indexes': [models.Index(fields=['version', 'mode', 'stratum', 'arm'], name='participant_allocation'), models.Index(fields=['study', 'mode', 'outcome'], name='participant_flow')],
                'constraints': [models.UniqueConstraint(fields=('study', 'export_id'), name='export_id_once_a_study'), models.CheckConstraint(condition=models.Q(('stage', 'consent'), ('consented_at__isnull', False), ('outcome__in', ['no-consent', 'took-part-before']), _connector='OR'), name='nobody_goes_on_without_consent')],
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(max_length=40)),
                ('sequence', models.PositiveBigIntegerField()),
                ('content', models.JSONField()),
                ('saved_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='surveys.participant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('participant', 'step'), name='draft_once_a_person_and_step')],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('step', models.CharField(blank=True, default='', max_length=40)),
                ('data', models.JSONField(blank=True, default=dict)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('participant', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='surveys.participant')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='surveys.study')),
            ],
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('live', 'Live'), ('pilot', 'Pilot'), ('preview', 'Preview'), ('simulated', 'Simulated')], max_length=10)),
                ('stratum', models.CharField(blank=True, default='', max_length=120)),
                ('sequence', models.PositiveIntegerField()),
                ('unit_key', models.CharField(max_length=16)),
                ('seed', models.BigIntegerField()),
                ('counts_seen', models.JSONField()),
                ('result', models.JSONField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('participant', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entry', to='surveys.participant')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ledger', to='surveys.studyversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('version', 'mode', 'stratum', 'sequence'), name='ledger_sequence_once_a_version_mode_stratum')],
            },
        ),
        migrations.CreateModel(
            name='PageView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(max_length=40)),
                ('view', models.CharField(max_length=32)),
                ('sequence', models.PositiveIntegerField()),
                ('first_interaction_ms', models.PositiveIntegerField(blank=True, null=True)),
                ('submitted_ms', models.PositiveIntegerField(blank=True, null=True)),
                ('visible_ms', models.PositiveIntegerField()),
                ('times_away', models.PositiveIntegerField()),
                ('away_ms', models.PositiveIntegerField()),
                ('longest_away_ms', models.PositiveIntegerField()),
                ('scroll_percent', models.PositiveSmallIntegerField()),
                ('viewport_width', models.PositiveIntegerField()),
                ('viewport_height', models.PositiveIntegerField()),
                ('pastes', models.PositiveIntegerField()),
                ('pasted_characters', models.PositiveIntegerField()),
                ('device', models.CharField(max_length=10)),
                ('input_methods', models.CharField(blank=True, max_length=40)),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='page_views', to='surveys.participant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('participant', 'step', 'view'), name='page_view_once_a_person_and_step')],
            },
        ),
        migrations.CreateModel(
            name='PanelIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('live', 'Live'), ('pilot', 'Pilot'), ('preview', 'Preview'), ('simulated', 'Simulated')], max_length=10)),
                ('keyed_hash', models.CharField(max_length=64)),
                ('ciphertext', models.BinaryField(blank=True, null=True)),
                ('panel', models.CharField(max_length=20)),
                ('participant', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='panel_identity', to='surveys.participant')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='panel_identities', to='surveys.study')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'mode', 'keyed_hash'), name='panel_id_once_a_study_and_mode')],
            },
        ),
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('story', models.CharField(max_length=60)),
                ('arm', models.CharField(max_length=40)),
                ('article_sha256', models.CharField(max_length=64)),
                ('shown_at', models.DateTimeField(blank=True, null=True)),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trials', to='surveys.article')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='trials', to='surveys.participant')),
                ('condition', models.CharField(blank=True, default='', max_length=120)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('participant', 'position'), name='trial_position_once_a_person'), models.UniqueConstraint(fields=('participant', 'story'), name='no_two_versions_of_a_story_a_person')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(max_length=40)),
                ('item', models.CharField(max_length=60)),
                ('state', models.CharField(choices=[('answered', 'Answered'), ('skipped', 'Skipped'), ('not-shown', 'Not shown'), ('prefer-not-to-say', 'Prefer not to say')], max_length=20)),
                ('value', models.TextField(blank=True, default='')),
                ('submitted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='surveys.participant')),
                ('trial', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='surveys.trial')),
                ('option_order', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('participant', 'step', 'item'), name='answer_once_a_person_step_and_item'), models.CheckConstraint(condition=models.Q(('state', 'answered'), ('value', ''), _connector='OR'), name='only_an_answer_has_a_value')],
            },
        ),
        migrations.CreateModel(
            name='PanelSubmission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('keyed_hash', models.CharField(max_length=64)),
                ('ciphertext', models.BinaryField(blank=True, null=True)),
                ('seen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('identity', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='submissions', to='surveys.panelidentity')),
                ('status', models.CharField(blank=True, default='', max_length=30)),
                ('status_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('identity', 'keyed_hash'), name='submission_once_an_identity')],
            },
        ),
        migrations.AddField(
            model_name='study',
            name='current_version',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.studyversion'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'draft'), ('current_version__isnull', False), _connector='OR'), name='only_a_draft_has_no_version'),
        ),
    ]
