import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


# As the rules of listings/checks.py came.
ROWS = {
    'price_off_market': (20, 1500),
    'new_seller_with_much': (30, 200000),
    'same_device': (25, 1),
    'shared_fingerprint': (40, 1),
    'velocity': (15, 10),
    'copied_text': (20, 1),
    'code_seen_elsewhere': (60, 1),
    'reports': (30, 1),
}


def make_checks(apps, schema_editor):
    Check = apps.get_model('listings', 'Check')
    Check.objects.bulk_create(
        Check(name=name, weight=weight, threshold=threshold)
        for name, (weight, threshold) in ROWS.items()
    )


class Migration(migrations.Migration):

    initial = True

    # What databases from before the first release have: with all of it, nothing is left to do.
    replaces = [
        ('listings', '0001_initial'),
        ('listings', '0002_finding'),
        ('listings', '0003_kinds'),
        ('listings', '0004_open_cases'),
        ('listings', '0005_questions'),
        ('listings', '0006_checks'),
        ('listings', '0007_tiers_and_days'),
        ('listings', '0008_reminders'),
        ('listings', '0009_newest_listings'),
        ('listings', '0010_found_by_index'),
        ('listings', '0011_consents_run_out'),
    ]

    dependencies = [
        ('accounts', '__first__'),
        ('providers', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='FingerprintKey',
            fields=[
                ('id', models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('key_id', models.CharField(max_length=12)),
                ('ciphertext', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Listing',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('seller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='listings', to=settings.AUTH_USER_MODEL)),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='listings', to='providers.provider')),
                ('program', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='providers.program')),
                ('title', models.CharField(max_length=120)),
                ('description', models.TextField(blank=True, max_length=4000)),
                ('currency', models.CharField(default='USD', max_length=3)),
                ('face_value_cents', models.BigIntegerField()),
                ('min_order_cents', models.BigIntegerField()),
                ('step_cents', models.BigIntegerField()),
                ('discount_bp', models.PositiveIntegerField()),
                ('expires_on', models.DateField()),
                ('region', models.CharField(blank=True, max_length=60)),
                ('transfer_method', models.CharField(choices=[('redeem_code', 'Redeem code'), ('balance_transfer', 'Balance transfer'), ('org_transfer', 'Organisation handed over'), ('seat_invite', 'Seat invitation'), ('assisted', 'Moved by the provider')], max_length=20)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('in_review', 'In review'), ('rejected', 'Rejected'), ('live', 'Live'), ('paused', 'Paused'), ('sold_out', 'Sold out'), ('expired', 'Expired'), ('withdrawn', 'Withdrawn'), ('removed', 'Removed')], default='draft', max_length=10)),
                ('status_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('reminders', models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ('seller_rank', models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ('available_cents', models.BigIntegerField()),
                ('reserved_cents', models.BigIntegerField(default=0)),
                ('sold_cents', models.BigIntegerField(default=0)),
                ('check_score', models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ('price_cents', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('available_cents'), '-', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('available_cents'), '*', models.F('discount_bp')), '+', models.Value(5000)), '/', models.Value(10000))), output_field=models.BigIntegerField())),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.SearchVector('title', config='english', weight='A'), '||', django.contrib.postgres.search.SearchVector('description', config='english', weight='B'), django.contrib.postgres.search.SearchConfig('english')), output_field=django.contrib.postgres.search.SearchVectorField())),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status', 'in_review')), fields=['status_since'], name='listing_in_review'), models.Index(condition=models.Q(('status', 'live')), fields=['created_at', 'id'], name='live_by_created_at'), models.Index(condition=models.Q(('status', 'live')), fields=['discount_bp', 'id'], name='live_by_discount_bp'), models.Index(condition=models.Q(('status', 'live')), fields=['price_cents', 'id'], name='live_by_price_cents'), models.Index(condition=models.Q(('status', 'live')), fields=['expires_on', 'id'], name='live_by_expires_on'), models.Index(condition=models.Q(('status', 'live')), fields=['provider', 'created_at', 'id'], name='provider_by_created_at'), models.Index(condition=models.Q(('status', 'live')), fields=['provider', 'discount_bp', 'id'], name='provider_by_discount_bp'), models.Index(condition=models.Q(('status', 'live')), fields=['provider', 'price_cents', 'id'], name='provider_by_price_cents'), models.Index(condition=models.Q(('status', 'live')), fields=['provider', 'expires_on', 'id'], name='provider_by_expires_on'), models.Index(condition=models.Q(('status', 'live')), fields=['transfer_method', 'created_at', 'id'], name='live_by_method'), models.Index(condition=models.Q(('seller_rank__gte', 1), ('status', 'live')), fields=['created_at', 'id'], name='live_of_established'), models.Index(condition=models.Q(('seller_rank__gte', 2), ('status', 'live')), fields=['created_at', 'id'], name='live_of_trusted'), models.Index(condition=models.Q(('status__in', ['live', 'paused', 'sold_out'])), fields=['reminders', 'expires_on'], name='leaving_the_market'), models.Index(fields=['seller', '-created_at'], name='listings_li_seller__945c9a_idx'), models.Index(fields=['-status_since', '-id'], name='listing_newest'), models.Index(condition=models.Q(('status', 'in_review')), fields=['status_since'], name='waiting'), models.Index(condition=models.Q(('check_score__gte', 50), ('status', 'in_review')), fields=['status_since'], name='flagged'), models.Index(django.db.models.functions.text.MD5('description'), condition=models.Q(('description', ''), _negated=True), name='same_description'), django.contrib.postgres.indexes.GinIndex(fields=['search'], name='listing_search')],
                'constraints': [models.CheckConstraint(condition=models.Q(('discount_bp__gte', 3000), ('discount_bp__lte', 7000)), name='discount_between_30_and_70_percent'), models.CheckConstraint(condition=models.Q(('available_cents__gte', 0), ('reserved_cents__gte', 0), ('sold_cents__gte', 0), ('face_value_cents', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('available_cents'), '+', models.F('reserved_cents')), '+', models.F('sold_cents')))), name='stock_sums_to_the_face_value'), models.CheckConstraint(condition=models.Q(('face_value_cents__gt', 0), ('face_value_cents__lte', 1000000000), ('step_cents__gt', 0), ('min_order_cents__gt', 0), ('min_order_cents__lte', models.F('face_value_cents'))), name='amounts_are_sensible')],
            },
        ),
        migrations.CreateModel(
            name='Check',
            fields=[
                ('name', models.CharField(max_length=30, primary_key=True, serialize=False)),
                ('weight', models.PositiveSmallIntegerField()),
                ('threshold', models.BigIntegerField()),
                ('is_on', models.BooleanField(default=True, verbose_name='on')),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('threshold__gte', 1), ('weight__lte', 100)), name='a_check_is_set_sensibly')],
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='listings.listing')),
                ('check_name', models.CharField(max_length=30)),
                ('figure', models.BigIntegerField()),
                ('threshold', models.BigIntegerField()),
                ('weight', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['-weight', 'id'],
                'constraints': [models.UniqueConstraint(fields=('listing', 'check_name'), name='a_check_says_one_thing_of_an_offer')],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='listings.listing')),
                ('document', models.FileField(upload_to='consents/')),
                ('original_name', models.CharField(max_length=120)),
                ('content_type', models.CharField(max_length=40)),
                ('digest', models.CharField(max_length=64)),
                ('valid_until', models.DateField(help_text='Its last day; none: it names none.', null=True)),
                ('handed_in_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('accepted_at', models.DateTimeField(null=True)),
                ('accepted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('refused_at', models.DateTimeField(null=True)),
                ('ran_out_at', models.DateTimeField(help_text='When its offer was looked at for it.', null=True)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('accepted_at__isnull', False), ('ran_out_at', None)), fields=['valid_until'], name='consent_that_runs_out'), models.Index(condition=models.Q(('accepted_at', None), ('refused_at', None)), fields=['listing'], name='consent_to_examine')],
                'constraints': [models.CheckConstraint(condition=models.Q(('accepted_at', None), ('refused_at', None), _connector='OR'), name='accepted_or_refused')],
            },
        ),
        migrations.CreateModel(
            name='Code',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='listings.listing')),
                ('face_value_cents', models.BigIntegerField()),
                ('fingerprint', models.CharField(max_length=64)),
                ('key_id', models.CharField(max_length=12)),
                ('ciphertext', models.BinaryField()),
                ('status', models.CharField(choices=[('available', 'Available'), ('reserved', 'Reserved'), ('revealed', 'Revealed'), ('void', 'Void')], default='available', max_length=10)),
                ('reserved_for', models.UUIDField(db_index=True, null=True)),
                ('revealed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status', 'available')), fields=['listing', 'id'], name='codes_left'), models.Index(fields=['fingerprint'], name='code_seen')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'void'), _negated=True), fields=('fingerprint',), name='a_code_is_offered_once'), models.CheckConstraint(condition=models.Q(models.Q(('reserved_for', None), ('status__in', ['available', 'void'])), models.Q(('reserved_for__isnull', False), ('status__in', ['reserved', 'revealed'])), ('status', 'void'), _connector='OR'), name='a_reserved_code_is_somebodys')],
            },
        ),
        migrations.CreateModel(
            name='ListingEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('kind', models.CharField(max_length=40)),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(blank=True, max_length=20)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.TextField(blank=True)),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='listings.listing')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='News',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='listings.listing')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='listings.listing')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('text', models.TextField(max_length=1000)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('answer', models.TextField(blank=True, max_length=2000)),
                ('answered_at', models.DateTimeField(null=True)),
                ('removed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['listing', 'at', 'id'], name='question_of_listing'), models.Index(fields=['by', 'at'], name='question_by')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at', None)), models.Q(models.Q(('answer', ''), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='an_answer_has_its_time')],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='listings.listing')),
                ('question', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='listings.question')),
                ('reporter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.CharField(choices=[('forbidden', 'The provider does not allow this sale'), ('stolen', 'The credit may be stolen'), ('misleading', 'The description is misleading'), ('words', 'It insults, or gives somebody away'), ('other', 'Something else')], max_length=20)),
                ('text', models.TextField(blank=True, max_length=2000)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('closed_at', None)), fields=['at'], name='report_open'), models.Index(models.OrderBy(models.F('closed_at'), descending=True, nulls_first=True), models.OrderBy(models.F('id'), descending=True), name='report_list')],
            },
        ),
        migrations.CreateModel(
            name='SavedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_searches', to=settings.AUTH_USER_MODEL)),
                ('query', models.CharField(max_length=900)),
                ('words', models.CharField(max_length=400)),
                ('saved_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('provider', models.CharField(blank=True, max_length=60)),
                ('method', models.CharField(blank=True, max_length=20)),
                ('category', models.CharField(blank=True, max_length=10)),
                ('proof', models.CharField(blank=True, max_length=30)),
                ('start', models.CharField(blank=True, max_length=3)),
                ('text_query', models.TextField(blank=True)),
                ('least_discount_bp', models.PositiveIntegerField(default=0)),
                ('greatest_discount_bp', models.PositiveIntegerField(default=10000)),
                ('least_available_cents', models.BigIntegerField(default=0)),
                ('greatest_price_cents', models.BigIntegerField(default=1000000000)),
                ('expires_after', models.DateField(blank=True, null=True)),
                ('least_days_left', models.PositiveIntegerField(db_default=0, default=0)),
                ('least_seller_rank', models.PositiveSmallIntegerField(db_default=0, default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['provider', 'start', 'least_discount_bp'], name='what_may_fit')],
                'constraints': [models.UniqueConstraint(fields=('person', 'query'), name='a_search_is_saved_once')],
            },
        ),
        migrations.CreateModel(
            name='Tuning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tunings', to='listings.check')),
                ('weight', models.PositiveSmallIntegerField()),
                ('threshold', models.BigIntegerField()),
                ('is_on', models.BooleanField()),
                ('in_force', models.BooleanField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('offers', models.PositiveIntegerField(default=0)),
                ('hits', models.PositiveIntegerField(default=0)),
                ('bad', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='watches', to=settings.AUTH_USER_MODEL)),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='watches', to='listings.listing')),
                ('discount_bp', models.PositiveIntegerField()),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'listing'), name='an_offer_is_watched_once')],
            },
        ),
        migrations.CreateModel(
            name='PriceFall',
            fields=[
                ('listing', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='fall', serialize=False, to='listings.listing')),
                ('start_bp', models.PositiveIntegerField()),
                ('end_bp', models.PositiveIntegerField()),
                ('start_on', models.DateField()),
                ('end_on', models.DateField()),
                ('next_on', models.DateField(db_index=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('end_bp__gt', models.F('start_bp')), ('end_on__gt', models.F('start_on'))), name='a_price_falls_over_some_days')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='listingevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='2fc2614dca86ab458faaa55ff0f1dcf1c0e27fa7', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_54156', table='listings_listingevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tuning',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='2ff97c0753cde715abb010b2ed73f5cc50baded6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_75107', table='listings_tuning', when='BEFORE')),
        ),
        migrations.RunPython(make_checks, migrations.RunPython.noop),
    ]
