"""The tables of reports and exports at once, for a new database."""

import analysis.models
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('analysis', '0001_initial'), ('analysis', '0002_exports_in_parts')]

    initial = True

    dependencies = [
        ('surveys', '0010_timed_out_here_too'),
    ]

    operations = [
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(default=analysis.models.report_key, editable=False, max_length=12, unique=True)),
                ('mode', models.CharField(choices=[('live', 'Live'), ('pilot', 'Pilot'), ('preview', 'Preview'), ('simulated', 'Simulated')], max_length=10)),
                ('masked', models.BooleanField()),
                ('status', models.CharField(choices=[('waiting', 'Waiting for a worker'), ('running', 'Being made'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='waiting', max_length=10)),
                ('progress', models.CharField(blank=True, default='', max_length=100)),
                ('requested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('formats', models.JSONField(blank=True, default=list)),
                ('identifying', models.BooleanField(default=False)),
                ('manifest', models.JSONField(blank=True, default=dict)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, default='', max_length=64)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='surveys.study')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.studyversion')),
            ],
            options={
                'indexes': [models.Index(fields=['study', 'mode', 'requested_at'], name='export_of_a_study')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('status', 'done'), _negated=True), ('finished_at__isnull', False), _connector='OR'), name='a_done_export_says_when')],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(default=analysis.models.report_key, editable=False, max_length=12, unique=True)),
                ('mode', models.CharField(choices=[('live', 'Live'), ('pilot', 'Pilot'), ('preview', 'Preview'), ('simulated', 'Simulated')], max_length=10)),
                ('masked', models.BooleanField()),
                ('status', models.CharField(choices=[('waiting', 'Waiting for a worker'), ('running', 'Being made'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='waiting', max_length=10)),
                ('progress', models.CharField(blank=True, default='', max_length=100)),
                ('requested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('data_sha256', models.CharField(blank=True, default='', max_length=64)),
                ('result', models.JSONField(blank=True, default=dict)),
                ('html', models.TextField(blank=True, default='')),
                ('archive', models.BinaryField(blank=True, null=True)),
                ('archive_sha256', models.CharField(blank=True, default='', max_length=64)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='surveys.study')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.studyversion')),
            ],
            options={
                'indexes': [models.Index(fields=['study', 'mode', 'requested_at'], name='report_of_a_study')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('status', 'done'), _negated=True), ('finished_at__isnull', False), _connector='OR'), name='a_done_report_says_when')],
            },
        ),
        migrations.CreateModel(
            name='ExportPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content', models.BinaryField()),
                ('export', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='analysis.export')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('export', 'number'), name='export_part_once')],
            },
        ),
    ]
