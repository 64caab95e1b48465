import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


NAMES = [
    'COMMISSION_BP',
    'NEW_SELLER_OPEN_CENTS',
    'ESTABLISHED_SELLER_OPEN_CENTS',
    'MAX_OPEN_ORDERS_PER_BUYER',
    'FOUR_EYES_ABOVE_CENTS',
    'MONEY_DECISIONS_PER_HOUR',
]


def make_dials(apps, schema_editor):
    Dial = apps.get_model('accounts', 'Dial')
    Dial.objects.bulk_create(Dial(name=name) for name in NAMES)


class Migration(migrations.Migration):

    initial = True

    # What databases from before the first release have: with all of it, nothing is left to do.
    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_joined_at'),
        ('accounts', '0003_mail_mutes'),
        ('accounts', '0004_devices_and_generations'),
        ('accounts', '0005_standing_likeness_leaving'),
        ('accounts', '0006_roles'),
        ('accounts', '0007_proposals'),
        ('accounts', '0008_device_digest'),
        ('accounts', '0009_claims'),
        ('accounts', '0010_audit_chain'),
        ('accounts', '0011_dials'),
        ('accounts', '0012_dial_words'),
        ('accounts', '0013_found_by_index'),
        ('accounts', '0014_merged_into'),
        ('accounts', '0015_editions'),
        ('accounts', '0016_restrictions'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('canonical_email', models.CharField(editable=False, max_length=254, unique=True)),
                ('name', models.CharField(blank=True, max_length=80)),
                ('is_active', models.BooleanField(default=True)),
                ('is_staff', models.BooleanField(default=False, verbose_name='moderator')),
                ('role', models.CharField(blank=True, choices=[('support', 'Support'), ('moderator', 'Moderator'), ('lead', 'Lead'), ('finance', 'Finance'), ('admin', 'Administrator')], db_default='', default='', max_length=10)),
                ('joined_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=0, editable=False)),
                ('restricted', models.BooleanField(db_default=False, default=False, editable=False)),
                ('first_steps_done_at', models.DateTimeField(editable=False, null=True)),
                ('merged_into', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to=settings.AUTH_USER_MODEL)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name_plural': 'people',
                'indexes': [django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector('name', config='simple'), name='people_by_name')],
                'constraints': [models.CheckConstraint(condition=models.Q(('merged_into', None), ('is_active', False), _connector='OR'), name='what_was_merged_is_closed')],
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('number', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('first_id', models.BigIntegerField()),
                ('last_id', models.BigIntegerField()),
                ('count', models.PositiveIntegerField()),
                ('previous', models.CharField(blank=True, max_length=64)),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['number'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=80, unique=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('until', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['person'], name='claims_of_a_person')],
            },
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to=settings.AUTH_USER_MODEL)),
                ('digest', models.CharField(max_length=64)),
                ('described', models.CharField(max_length=80)),
                ('name', models.CharField(blank=True, max_length=60)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('last_seen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['digest'], name='device_digest')],
                'constraints': [models.UniqueConstraint(fields=('person', 'digest'), name='one_row_per_device')],
            },
        ),
        migrations.CreateModel(
            name='Dial',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name': 'fee or limit',
                'verbose_name_plural': 'fees and limits',
            },
        ),
        migrations.CreateModel(
            name='DialChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dial', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='accounts.dial')),
                ('value', models.BigIntegerField()),
                ('before', models.BigIntegerField()),
                ('begins_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['-begins_at', '-id'],
                'indexes': [models.Index(fields=['dial', '-begins_at', '-id'], name='dial_as_it_stands')],
                'constraints': [models.CheckConstraint(condition=models.Q(('begins_at__gte', models.F('at')), ('value__gte', 0)), name='no_dial_is_turned_back_in_time')],
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=12)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Edition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='accounts.document')),
                ('text', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('file_digest', models.CharField(blank=True, max_length=64)),
                ('before', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.edition')),
                ('begins_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('agreed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['-begins_at', '-id'],
                'indexes': [models.Index(fields=['document', '-begins_at', '-id'], name='edition_in_force')],
                'constraints': [models.CheckConstraint(condition=models.Q(('begins_at__gte', models.F('at'))), name='no_edition_begins_in_the_past'), models.CheckConstraint(condition=models.Q(('by', models.F('agreed_by')), _negated=True), name='an_edition_takes_two')],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='erasure', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Likeness',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('evidence', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                ('raised_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('decision', models.CharField(blank=True, choices=[('same', 'The same person'), ('different', 'Different people')], max_length=10)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name_plural': 'likenesses',
                'indexes': [models.Index(condition=models.Q(('decision', '')), fields=['raised_at'], name='likeness_open'), models.Index(fields=['raised_at'], name='likeness_newest'), models.Index(condition=models.Q(('decision', 'same')), fields=['first', 'second'], name='known_same'), models.Index(condition=models.Q(('decision', 'same')), fields=['second', 'first'], name='known_same_back')],
                'constraints': [models.UniqueConstraint(fields=('first', 'second'), name='a_pair_is_one_case'), models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='a_pair_is_in_order')],
            },
        ),
        migrations.CreateModel(
            name='MailMute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mail_mutes', to=settings.AUTH_USER_MODEL)),
                ('group', models.CharField(max_length=20)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'group'), name='a_group_is_muted_once')],
            },
        ),
        migrations.CreateModel(
            name='MoneyDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('action', models.CharField(max_length=80)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'indexes': [models.Index(fields=['person', 'at'], name='decisions_of_an_hour')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(max_length=40)),
                ('key', models.CharField(max_length=120, unique=True)),
                ('context', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('read_at', models.DateTimeField(null=True)),
                ('mail_due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
                ('mail_attempts', models.PositiveSmallIntegerField(default=0)),
                ('mailed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['person', '-id'], name='accounts_no_person__fd1bb6_idx'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['person'], name='unread'), models.Index(condition=models.Q(('mail_due_at__isnull', False)), fields=['mail_due_at'], name='mail_due')],
            },
        ),
        migrations.CreateModel(
            name='PersonalExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exports', to=settings.AUTH_USER_MODEL)),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('parts_done', models.PositiveSmallIntegerField(default=0)),
                ('made_at', models.DateTimeField(null=True)),
                ('content', models.BinaryField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='export_due')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('made_at', None)), fields=('person',), name='one_export_under_way')],
            },
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(max_length=80)),
                ('row', models.CharField(max_length=40)),
                ('subject', models.CharField(max_length=80)),
                ('title', models.CharField(max_length=200)),
                ('terms', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('cents', models.BigIntegerField(null=True)),
                ('parties', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'Waits for a second person'), ('agreed', 'Agreed and done'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('expired', 'Expired')], default='open', max_length=10)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision', models.TextField(blank=True)),
                ('agreed_digest', models.CharField(blank=True, max_length=64)),
                ('executed_digest', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['proposed_at'], name='proposal_open'), models.Index(fields=['subject'], name='proposal_subject'), models.Index(fields=['digest'], name='proposal_digest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('action', 'row'), name='one_open_proposal'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'agreed'), _negated=True), models.Q(('agreed_digest', models.F('digest')), ('executed_digest', models.F('digest')), ('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='agreed_by_another_to_what_was_done')],
            },
        ),
        migrations.CreateModel(
            name='Restriction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='restrictions', to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(choices=[('payouts', 'Payouts are held'), ('selling', 'No new offers'), ('buying', 'No new orders'), ('access', 'Suspended')], max_length=10)),
                ('reason', models.TextField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('begun_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('until', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('ended_at', None), ('until__isnull', False)), fields=['until'], name='restrictions_to_end')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('person', 'kind'), name='restricted_once'), models.CheckConstraint(condition=models.Q(('until', None), ('until__gt', models.F('begun_at')), _connector='OR'), name='restricted_for_some_time')],
            },
        ),
        migrations.CreateModel(
            name='Standing',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                ('completed_orders', models.PositiveIntegerField(default=0)),
                ('failed_orders', models.PositiveIntegerField(default=0)),
                ('rating', models.DecimalField(decimal_places=2, max_digits=3, null=True)),
                ('tier', models.CharField(choices=[('new', 'New'), ('established', 'Established'), ('trusted', 'Trusted')], db_default='new', default='new', max_length=12)),
                ('granted', models.CharField(choices=[('new', 'New'), ('established', 'Established'), ('trusted', 'Trusted')], db_default='new', default='new', max_length=12)),
                ('tier_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(blank=True, max_length=80)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), size=None)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('act', models.CharField(max_length=60)),
                ('subject', models.CharField(max_length=80)),
                ('reason', models.TextField(blank=True)),
                ('details', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['subject', '-id'], name='accounts_au_subject_4584af_idx'), models.Index(fields=['actor', '-id'], name='acts_of_a_person'), models.Index(fields=['at'], name='acts_of_a_time'), models.Index(fields=['act', '-id'], name='acts_of_a_kind'), django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector('reason', config='english'), name='acts_by_reason')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditseal',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6a38c436bfdcc5028f7f72764db70fd8307f6626', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_ed234', table='accounts_auditseal', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditentry',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='f78d7546cae6abefbfed448b788eab0e8a36f6bf', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_e6c89', table='accounts_auditentry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dialchange',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='334f0e0f7f20f6cbacac4547050ae9f503f09ee1', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_7bbab', table='accounts_dialchange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='edition',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='5aac5b01cef143a9e1f511cb31f312424c96e7ae', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_13d65', table='accounts_edition', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='moneydecision',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='676809ecf98a8d3d87ca621f89a009d5a3e145c3', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_b6834', table='accounts_moneydecision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='proposal',
            trigger=pgtrigger.compiler.Trigger(name='what_was_proposed_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."action" IS DISTINCT FROM (NEW."action") OR OLD."row" IS DISTINCT FROM (NEW."row") OR OLD."terms" IS DISTINCT FROM (NEW."terms") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."cents" IS DISTINCT FROM (NEW."cents") OR OLD."parties" IS DISTINCT FROM (NEW."parties") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='1da12360ead2393ebcd286b4f6b30101854b0f09', operation='UPDATE', pgid='pgtrigger_what_was_proposed_stays_9b598', table='accounts_proposal', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='proposal',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='6a616ca74231a532e532f6ee2b796f8c915296b3', operation='DELETE', pgid='pgtrigger_never_deleted_749b8', table='accounts_proposal', when='BEFORE')),
        ),
        migrations.RunPython(make_dials, migrations.RunPython.noop),
    ]
