import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


def make_document(apps, schema_editor):
    """Of the table by which time decides disputes; facts and guides come by the catalogue."""
    apps.get_model('accounts', 'Document').objects.create(name='decisions', kind='decisions')


class Migration(migrations.Migration):

    initial = True

    # What databases from before the first release have: with all of it, nothing is left to do.
    replaces = [
        ('orders', '0001_initial'),
        ('orders', '0002_verification'),
        ('orders', '0003_disputes'),
        ('orders', '0004_messages'),
        ('orders', '0005_open_cases'),
        ('orders', '0006_evidence'),
        ('orders', '0007_code_reports'),
        ('orders', '0008_ratings'),
        ('orders', '0009_code_openings'),
        ('orders', '0010_weighings'),
        ('orders', '0011_newest_orders'),
        ('orders', '0012_default_outcomes_tried'),
        ('orders', '0013_tranches'),
        ('orders', '0014_found_by_index'),
        ('orders', '0015_opened_for_a_trade'),
        ('orders', '0016_watches'),
        ('orders', '0017_baskets'),
        ('orders', '0018_decisions_document'),
        ('orders', '0019_pictures_with_messages'),
        ('orders', '0020_rare_statuses'),
        ('orders', '0021_proposed_splits'),
        ('orders', '0022_unpaid_by_index'),
    ]

    dependencies = [
        ('accounts', '__first__'),
        ('listings', '0001_first_release'),
        ('payments', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='listings.listing')),
                ('buyer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purchases', to=settings.AUTH_USER_MODEL)),
                ('seller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sales', to=settings.AUTH_USER_MODEL)),
                ('escrow', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='order', to='payments.escrow')),
                ('title', models.CharField(max_length=120)),
                ('currency', models.CharField(max_length=3)),
                ('face_value_cents', models.BigIntegerField()),
                ('discount_bp', models.PositiveIntegerField()),
                ('price_cents', models.BigIntegerField()),
                ('commission_cents', models.BigIntegerField()),
                ('proceeds_cents', models.BigIntegerField()),
                ('transfer_method', models.CharField(choices=[('redeem_code', 'Redeem code'), ('balance_transfer', 'Balance transfer'), ('org_transfer', 'Organisation handed over'), ('seat_invite', 'Seat invitation'), ('assisted', 'Moved by the provider')], max_length=20)),
                ('deliver_within_seconds', models.PositiveIntegerField()),
                ('inspect_within_seconds', models.PositiveIntegerField()),
                ('cooling_off_seconds', models.PositiveIntegerField()),
                ('placed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('pay_before', models.DateTimeField()),
                ('status', models.CharField(choices=[('placed', 'Waiting for payment'), ('paid', 'Paid, payment held'), ('transferred', 'Credit sent'), ('verified', 'Arrival verified'), ('disputed', 'In dispute'), ('completed', 'Completed'), ('cancelled', 'Cancelled')], default='placed', max_length=12)),
                ('status_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('deadline', models.DateTimeField(null=True)),
                ('tried_at', models.DateTimeField(help_text='When its default outcome was last tried, should it ever be refused.', null=True)),
                ('recipient', models.CharField(blank=True, max_length=254)),
                ('paid_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('sent_note', models.TextField(blank=True, max_length=2000)),
                ('revealed_at', models.DateTimeField(null=True)),
                ('rung', models.CharField(choices=[('api_balance', 'Balance read from the provider'), ('api_grant_row', 'New grant read from the provider'), ('identity_and_document', 'Account check and document'), ('evidence_upload', 'Dated evidence'), ('buyer_confirmation', "The buyer's word")], default='buyer_confirmation', max_length=24)),
                ('verdict', models.CharField(blank=True, choices=[('verified', 'Verified'), ('inconclusive', 'Inconclusive'), ('refuted', 'Refuted')], max_length=12)),
                ('measured_cents', models.BigIntegerField(null=True)),
                ('weighed_at', models.DateTimeField(help_text='When a moderator last concluded from what was handed in.', null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('more_to_come', models.BooleanField(db_default=False, default=False)),
                ('parts_sent_cents', models.BigIntegerField(db_default=0, default=0)),
                ('parts_arrived_cents', models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['buyer', 'placed_at', 'id'], name='orders_orde_buyer_i_9f6e84_idx'), models.Index(fields=['seller', 'placed_at', 'id'], name='orders_orde_seller__b78b95_idx'), models.Index(condition=models.Q(('status', 'placed')), fields=['buyer'], name='order_unpaid'), models.Index(fields=['-placed_at', '-id'], name='order_newest'), models.Index(condition=models.Q(('deadline__isnull', False)), fields=['deadline'], name='order_due'), models.Index(condition=models.Q(('status', 'completed'), _negated=True), fields=['status', '-placed_at', '-id'], name='order_by_rare_status'), models.Index(condition=models.Q(('status', 'transferred'), ('verdict', 'inconclusive')), fields=['status_since'], name='order_inconclusive'), models.Index(condition=models.Q(('rung__in', ('identity_and_document', 'evidence_upload')), ('status', 'transferred'), ('verdict', '')), fields=['status_since'], name='order_documents')],
                'constraints': [models.CheckConstraint(condition=models.Q(('price_cents', django.db.models.expressions.CombinedExpression(models.F('commission_cents'), '+', models.F('proceeds_cents'))), ('commission_cents__gte', 0), ('price_cents__gt', 0), ('proceeds_cents__gte', 0), ('price_cents__lt', models.F('face_value_cents'))), name='the_quote_adds_up'), models.CheckConstraint(condition=models.Q(('discount_bp__gte', 3000), ('discount_bp__lte', 7000)), name='order_discount_between_30_and_70_percent'), models.CheckConstraint(condition=models.Q(('buyer', models.F('seller')), _negated=True), name='nobody_buys_from_themselves'), models.CheckConstraint(condition=models.Q(('parts_arrived_cents__gte', 0), ('parts_arrived_cents__lte', models.F('parts_sent_cents')), ('parts_sent_cents__lt', models.F('face_value_cents'))), name='parts_arrive_after_they_were_sent')],
            },
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='dispute', to='orders.order')),
                ('status', models.CharField(choices=[('answering', 'The seller answers'), ('talking', 'The parties may agree'), ('reviewing', 'With a moderator'), ('decided', 'Decided, open to appeal'), ('appealed', 'With a second moderator'), ('ended', 'Ended')], default='answering', max_length=12)),
                ('status_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.CharField(choices=[('not_received', 'The credit did not arrive'), ('less_than_agreed', 'Less arrived than agreed'), ('code_invalid', 'A code did not work'), ('not_as_described', 'It is not what was offered'), ('other', 'Something else')], max_length=20)),
                ('text', models.TextField(max_length=4000)),
                ('claim_cents', models.BigIntegerField(null=True)),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('answer', models.TextField(blank=True, max_length=4000)),
                ('answered_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('outcome', models.CharField(blank=True, max_length=10)),
                ('refund_cents', models.BigIntegerField(null=True)),
                ('decision', models.TextField(blank=True, max_length=4000)),
                ('decided_at', models.DateTimeField(null=True)),
                ('buyer_accepted_at', models.DateTimeField(null=True)),
                ('seller_accepted_at', models.DateTimeField(null=True)),
                ('appealed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('appeal', models.TextField(blank=True, max_length=4000)),
                ('appealed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status__in', ('answering', 'talking', 'reviewing', 'appealed'))), fields=['opened_at'], name='dispute_undecided'), models.Index(condition=models.Q(('status', 'reviewing')), fields=['status_since'], name='dispute_reviewing'), models.Index(condition=models.Q(('status', 'appealed')), fields=['status_since'], name='dispute_appealed'), models.Index(models.OrderBy(models.F('decided_at'), descending=True, nulls_first=True), models.F('opened_at'), name='dispute_list')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('outcome', ''), ('refund_cents', None)), models.Q(('outcome__in', ['release', 'refund', 'split']), ('refund_cents__gte', 0)), _connector='OR'), name='a_decision_says_what_goes_back')],
            },
        ),
        migrations.CreateModel(
            name='CodeReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='code_reports', to='orders.dispute')),
                ('code', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='report', to='listings.code')),
                ('number', models.PositiveSmallIntegerField()),
                ('problem', models.CharField(choices=[('used', 'Used already'), ('invalid', 'Not valid')], max_length=10)),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='DisputeEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('kind', models.CharField(max_length=40)),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(blank=True, max_length=20)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.TextField(blank=True)),
                ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='orders.dispute')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='orders.order')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('text', models.TextField(max_length=2000)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'indexes': [models.Index(fields=['order', 'at', 'id'], name='orders_mess_order_i_1966df_idx'), models.Index(fields=['by', 'at'], name='orders_mess_by_id_e4826a_idx')],
            },
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='orders.order')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(choices=[('account', 'The account at the provider, before or after'), ('document', 'A mail or document of the provider'), ('owner', 'Whose account it is'), ('message', 'A picture with a message')], max_length=10)),
                ('message', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='picture', to='orders.message')),
                ('note', models.CharField(blank=True, max_length=500)),
                ('nonce', models.CharField(max_length=32, unique=True)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('content_type', models.CharField(max_length=20)),
                ('size_bytes', models.PositiveIntegerField()),
                ('key_id', models.CharField(blank=True, max_length=12)),
                ('ciphertext', models.BinaryField(null=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ciphertext__isnull', True), models.Q(('key_id', ''), _negated=True), _connector='OR'), name='evidence_can_be_read'), models.CheckConstraint(condition=models.Q(('kind', 'message'), ('message__isnull', True), _connector='XOR'), name='with_its_message')],
            },
        ),
        migrations.CreateModel(
            name='OrderEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('kind', models.CharField(max_length=40)),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(blank=True, max_length=20)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.TextField(blank=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='orders.order')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PlacedRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('buyer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('key', models.CharField(max_length=255)),
                ('body_digest', models.CharField(max_length=64)),
                ('order', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('basket', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='payments.basket')),
                ('answer', models.JSONField(null=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('buyer', 'key'), name='a_key_places_one_order')],
            },
        ),
        migrations.CreateModel(
            name='ProposedSplit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='orders.dispute')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('refund_cents', models.BigIntegerField()),
                ('status', models.CharField(choices=[('open', 'Open'), ('accepted', 'Accepted'), ('refused', 'Refused'), ('replaced', 'Replaced by a newer one'), ('lapsed', 'Lapsed')], default='open', max_length=10)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('dispute', 'by'), name='one_open_proposal_each'), models.UniqueConstraint(condition=models.Q(('status', 'accepted')), fields=('dispute',), name='one_accepted_proposal'), models.CheckConstraint(condition=models.Q(('refund_cents__gt', 0)), name='a_proposal_gives_back')],
            },
        ),
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ratings', to='orders.order')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('about', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('stars', models.PositiveSmallIntegerField()),
                ('text', models.TextField(blank=True, max_length=1000)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('shown_at', models.DateTimeField(null=True)),
                ('report', models.TextField(blank=True, max_length=1000)),
                ('reported_at', models.DateTimeField(null=True)),
                ('looked_at', models.DateTimeField(null=True)),
                ('removed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['about', '-shown_at'], name='rating_about'), models.Index(condition=models.Q(('shown_at', None)), fields=['at'], name='rating_hidden'), models.Index(condition=models.Q(('looked_at', None), ('reported_at__isnull', False)), fields=['reported_at'], name='rating_reported'), models.Index(models.OrderBy(models.F('reported_at'), descending=True, nulls_last=True), models.OrderBy(models.F('id'), descending=True), name='rating_list')],
                'constraints': [models.UniqueConstraint(fields=('order', 'by'), name='each_party_rates_once'), models.CheckConstraint(condition=models.Q(('stars__gte', 1), ('stars__lte', 5)), name='stars_from_1_to_5'), models.CheckConstraint(condition=models.Q(('by', models.F('about')), _negated=True), name='nobody_rates_themselves')],
            },
        ),
        migrations.CreateModel(
            name='Tranche',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tranches', to='orders.order')),
                ('number', models.PositiveSmallIntegerField()),
                ('up_to_cents', models.BigIntegerField()),
                ('sent_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('arrived_at', models.DateTimeField(null=True)),
                ('rung', models.CharField(blank=True, choices=[('api_balance', 'Balance read from the provider'), ('api_grant_row', 'New grant read from the provider'), ('identity_and_document', 'Account check and document'), ('evidence_upload', 'Dated evidence'), ('buyer_confirmation', "The buyer's word")], max_length=24)),
                ('release_at', models.DateTimeField(null=True)),
                ('released_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['number'],
                'indexes': [models.Index(condition=models.Q(('release_at__isnull', False), ('released_at', None)), fields=['release_at'], name='part_due')],
                'constraints': [models.UniqueConstraint(fields=('order', 'number'), name='one_part_of_each_number'), models.UniqueConstraint(fields=('order', 'up_to_cents'), name='each_part_adds_to_it'), models.CheckConstraint(condition=models.Q(('up_to_cents__gt', 0)), name='a_part_is_something'), models.CheckConstraint(condition=models.Q(('arrived_at__isnull', False), models.Q(('release_at', None), ('released_at', None)), _connector='OR'), name='no_part_is_paid_before_it_arrived')],
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='verification', to='orders.order')),
                ('status', models.CharField(choices=[('waiting', 'Reading before it is sent'), ('baseline_ready', 'Ready for the credit to be sent'), ('measuring', 'Reading after it was sent'), ('done', 'Measured')], default='waiting', max_length=16)),
                ('status_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('rung', models.CharField(choices=[('api_balance', 'Balance read from the provider'), ('api_grant_row', 'New grant read from the provider'), ('identity_and_document', 'Account check and document'), ('evidence_upload', 'Dated evidence'), ('buyer_confirmation', "The buyer's word")], max_length=24)),
                ('attempt', models.PositiveSmallIntegerField(default=1)),
                ('lent_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('next_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('key_mark', models.CharField(max_length=64)),
                ('account_marks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list, size=None)),
                ('key_id', models.CharField(blank=True, max_length=12)),
                ('ciphertext', models.BinaryField(null=True)),
                ('forgotten_at', models.DateTimeField(null=True)),
                ('watch', models.BooleanField(db_default=False, default=False, help_text='The buyer lets it be read on afterwards.')),
                ('part_offered_at', models.DateTimeField(help_text='The buyer would take the measured part.', null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='reading_due'), models.Index(fields=['key_mark'], name='orders_veri_key_mar_27d2e0_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ciphertext__isnull', True), models.Q(('status', 'done'), _negated=True), _connector='OR'), name='no_key_outlives_its_measuring'), models.CheckConstraint(condition=models.Q(('next_at__isnull', True), ('ciphertext__isnull', False), _connector='OR'), name='nothing_is_read_without_a_key')],
            },
        ),
        migrations.CreateModel(
            name='BalanceReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verification', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='orders.verification')),
                ('attempt', models.PositiveSmallIntegerField()),
                ('before', models.BooleanField(help_text='Taken before the credit was sent.')),
                ('watched', models.BooleanField(db_default=False, default=False, help_text='Taken after the verdict, to see a reversal.')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('problem', models.CharField(blank=True, max_length=40)),
                ('figures', models.JSONField(null=True)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('problem', ''), ('figures__isnull', True), _connector='XOR'), name='figures_or_a_problem')],
            },
        ),
        migrations.CreateModel(
            name='VerificationEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('kind', models.CharField(max_length=40)),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(blank=True, max_length=20)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.TextField(blank=True)),
                ('verification', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='orders.verification')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='watch', to='orders.order')),
                ('began_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('until', models.DateTimeField()),
                ('next_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('key_id', models.CharField(blank=True, max_length=12)),
                ('ciphertext', models.BinaryField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('stood', 'Nothing was taken back'), ('dropped', 'The credit was taken back'), ('unread', 'The balance could not be read any more'), ('stopped', 'The buyer or the trade ended it')], max_length=10)),
                ('measured_cents', models.BigIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='watch_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ciphertext__isnull', False), ('ended_at', None), ('outcome', '')), models.Q(('ciphertext', None), ('ended_at__isnull', False), ('next_at', None), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='no_key_outlives_its_watch')],
            },
        ),
        migrations.CreateModel(
            name='Weighing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='weighings', to='orders.order')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rung', models.CharField(choices=[('api_balance', 'Balance read from the provider'), ('api_grant_row', 'New grant read from the provider'), ('identity_and_document', 'Account check and document'), ('evidence_upload', 'Dated evidence'), ('buyer_confirmation', "The buyer's word")], max_length=24)),
                ('verdict', models.CharField(max_length=12)),
                ('reason', models.TextField(max_length=2000)),
                ('digests', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('verdict__in', ['verified', 'inconclusive', 'refuted'])), name='weighed_with_a_verdict'), models.CheckConstraint(condition=models.Q(('digests', []), _negated=True), name='something_was_weighed')],
            },
        ),
        migrations.CreateModel(
            name='CodeOpening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='openings', to='listings.code')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reserved_for', models.UUIDField(null=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('ends_at', models.DateTimeField(db_default=django.db.models.expressions.CombinedExpression(django.db.models.functions.datetime.Now(), '+', models.Value(datetime.timedelta(seconds=900))), editable=False)),
                ('read_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('by',), name='one_code_is_open_to_a_person'), models.CheckConstraint(condition=models.Q(('read_at', None), models.Q(('read_at', models.F('ended_at')), ('read_at__lte', models.F('ends_at'))), _connector='OR'), name='a_code_is_read_once_and_in_time')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='orders.dispute')),
                ('round', models.PositiveSmallIntegerField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('outcome', models.CharField(max_length=10)),
                ('refund_cents', models.BigIntegerField()),
                ('reason', models.TextField(max_length=4000)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['round'],
                'constraints': [models.UniqueConstraint(fields=('dispute', 'round'), name='one_decision_a_round'), models.CheckConstraint(condition=models.Q(('round__in', [1, 2])), name='one_appeal')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decision',
            trigger=pgtrigger.compiler.Trigger(name='decided_once', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='238d435de2de50c3e2b8cff6a9a8b1ed55fd49f4', operation='UPDATE OR DELETE', pgid='pgtrigger_decided_once_4532f', table='orders_decision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='disputeevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e09ecda3c4e3bd44883609605cdac887469fb95e', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_33051', table='orders_disputeevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='the_quote_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."listing_id" IS DISTINCT FROM (NEW."listing_id") OR OLD."buyer_id" IS DISTINCT FROM (NEW."buyer_id") OR OLD."seller_id" IS DISTINCT FROM (NEW."seller_id") OR OLD."escrow_id" IS DISTINCT FROM (NEW."escrow_id") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."face_value_cents" IS DISTINCT FROM (NEW."face_value_cents") OR OLD."discount_bp" IS DISTINCT FROM (NEW."discount_bp") OR OLD."price_cents" IS DISTINCT FROM (NEW."price_cents") OR OLD."commission_cents" IS DISTINCT FROM (NEW."commission_cents") OR OLD."proceeds_cents" IS DISTINCT FROM (NEW."proceeds_cents") OR OLD."transfer_method" IS DISTINCT FROM (NEW."transfer_method"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='533b6fe53c1934b1358bb1a13d1139f8a04e92e0', operation='UPDATE', pgid='pgtrigger_the_quote_stays_3e83a', table='orders_order', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='orderevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7d910be96f697ed8c0d24b8d8a9b6e268d3d09ae', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_39cdb', table='orders_orderevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='balancereading',
            trigger=pgtrigger.compiler.Trigger(name='said_once', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='deb50d251c93f1cd6807bcf123d64b42340444bd', operation='UPDATE OR DELETE', pgid='pgtrigger_said_once_eade2', table='orders_balancereading', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='verificationevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6b2347a621af28e9202ed3672c5496cbe92d0680', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_26e03', table='orders_verificationevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='weighing',
            trigger=pgtrigger.compiler.Trigger(name='weighed_once', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='3bff2c249be73a3dfa91bdc9cc088657f3dd9190', operation='UPDATE OR DELETE', pgid='pgtrigger_weighed_once_1b07e', table='orders_weighing', when='BEFORE')),
        ),
        migrations.RunPython(make_document, migrations.RunPython.noop),
    ]
