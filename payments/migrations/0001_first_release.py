import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    # What databases from before the first release have: with all of it, nothing is left to do.
    replaces = [
        ('payments', '0001_initial'),
        ('payments', '0002_chargebacks'),
        ('payments', '0003_reconciliation'),
        ('payments', '0004_seals'),
        ('payments', '0005_payout_plans'),
        ('payments', '0006_what_may_happen_to_a_payment'),
        ('payments', '0007_fingerprints_countries_tax'),
        ('payments', '0008_freeze'),
        ('payments', '0009_restore'),
        ('payments', '0010_open_cases'),
        ('payments', '0011_failed_payouts'),
        ('payments', '0012_found_by_index'),
        ('payments', '0013_baskets'),
        ('payments', '0014_forgotten_customers'),
        ('payments', '0015_give_backs'),
    ]

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerAudit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('is_clean', models.BooleanField()),
                ('is_whole', models.BooleanField(default=True)),
                ('through', models.JSONField(default=dict)),
                ('violations', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('since', models.DateTimeField(null=True)),
                ('lines', models.PositiveBigIntegerField(default=0)),
                ('matched', models.PositiveBigIntegerField(default=0)),
                ('explained', models.JSONField(default=dict)),
                ('found', models.PositiveIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Restore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('compared_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Seal',
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
            name='TaxDetails',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='tax_details', to=settings.AUTH_USER_MODEL)),
                ('key_id', models.CharField(max_length=12)),
                ('ciphertext', models.BinaryField()),
                ('given_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'tax details',
            },
        ),
        migrations.CreateModel(
            name='WebhookEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(max_length=100, unique=True)),
                ('type', models.CharField(max_length=120)),
                ('object_id', models.CharField(blank=True, max_length=100)),
                ('account', models.CharField(blank=True, max_length=100)),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('processed_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
            ],
            options={
                'indexes': [models.Index(fields=['object_id'], name='webhook_object'), models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='webhook_due'), models.Index(condition=models.Q(('due_at', None), ('processed_at', None)), fields=['received_at'], name='webhook_set_aside')],
            },
        ),
        migrations.CreateModel(
            name='BalanceLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('remote_id', models.CharField(max_length=100, unique=True)),
                ('account', models.CharField(blank=True, max_length=100)),
                ('source', models.CharField(blank=True, max_length=100)),
                ('kind', models.CharField(max_length=40)),
                ('amount_cents', models.BigIntegerField()),
                ('fee_cents', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['account', 'source'], name='line_source'), models.Index(fields=['at'], name='line_at')],
            },
        ),
        migrations.CreateModel(
            name='Basket',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('buyer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='baskets', to=settings.AUTH_USER_MODEL)),
                ('currency', models.CharField(max_length=3)),
                ('status', models.CharField(choices=[('open', 'Waiting for a card'), ('charging', 'Card given, each order is being paid'), ('ended', 'Over')], default='open', max_length=10)),
                ('status_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('pay_before', models.DateTimeField()),
                ('checkout_id', models.CharField(blank=True, max_length=100)),
                ('checkout_url', models.TextField(blank=True)),
                ('customer_id', models.CharField(blank=True, max_length=100)),
                ('card_id', models.CharField(blank=True, max_length=100)),
                ('poll_due_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('poll_due_at__isnull', False)), fields=['poll_due_at'], name='basket_poll_due'), models.Index(condition=models.Q(('status', 'ended'), _negated=True), fields=['created_at'], name='basket_under_way')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('checkout_id', ''), _negated=True), fields=('checkout_id',), name='one_basket_per_page')],
            },
        ),
        migrations.CreateModel(
            name='BasketEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('kind', models.CharField(max_length=40)),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(blank=True, max_length=20)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.TextField(blank=True)),
                ('basket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='payments.basket')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Escrow',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(max_length=40, unique=True)),
                ('buyer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('seller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('currency', models.CharField(max_length=3)),
                ('price_cents', models.BigIntegerField()),
                ('commission_cents', models.BigIntegerField()),
                ('proceeds_cents', models.BigIntegerField()),
                ('released_cents', models.BigIntegerField(default=0)),
                ('refunded_cents', models.BigIntegerField(default=0)),
                ('given_back_cents', models.BigIntegerField(db_default=0, default=0)),
                ('status', models.CharField(choices=[('awaiting', 'Awaiting'), ('held', 'Held'), ('released', 'Released'), ('refunded', 'Refunded'), ('split', 'Split'), ('lapsed', 'Lapsed')], default='awaiting', max_length=10)),
                ('status_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('basket', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='escrows', to='payments.basket')),
                ('checkout_id', models.CharField(blank=True, max_length=100)),
                ('checkout_url', models.TextField(blank=True)),
                ('payment_id', models.CharField(blank=True, max_length=100)),
                ('charge_id', models.CharField(blank=True, max_length=100)),
                ('fee_cents', models.BigIntegerField(null=True)),
                ('contested_at', models.DateTimeField(null=True)),
                ('suspected_at', models.DateTimeField(null=True)),
                ('quarantined_at', models.DateTimeField(null=True)),
                ('poll_due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('payment_id', ''), _negated=True), fields=['payment_id'], name='by_payment'), models.Index(condition=models.Q(('poll_due_at__isnull', False)), fields=['poll_due_at'], name='poll_due'), models.Index(condition=models.Q(('basket__isnull', False)), fields=['basket'], name='escrow_of_basket'), models.Index(fields=['seller', 'status'], name='payments_es_seller__58b9fa_idx'), models.Index(fields=['status'], name='payments_es_status_e4c351_idx'), models.Index(fields=['created_at'], name='escrow_newest'), models.Index(condition=models.Q(('suspected_at__isnull', False)), fields=['suspected_at'], name='escrow_suspected'), models.Index(condition=models.Q(('quarantined_at__isnull', False)), fields=['quarantined_at'], name='escrow_quarantined')],
                'constraints': [models.CheckConstraint(condition=models.Q(('commission_cents__gte', 0), ('price_cents__gt', 0), ('proceeds_cents__gte', 0), ('price_cents', django.db.models.expressions.CombinedExpression(models.F('commission_cents'), '+', models.F('proceeds_cents')))), name='escrow_parts_sum_to_the_price'), models.CheckConstraint(condition=models.Q(('refunded_cents__gte', 0), ('released_cents__gte', 0), ('price_cents__gte', django.db.models.expressions.CombinedExpression(models.F('released_cents'), '+', models.F('refunded_cents'))), ('given_back_cents__gte', 0), ('released_cents__gte', models.F('given_back_cents'))), name='escrow_pays_out_no_more_than_the_price'), models.CheckConstraint(condition=models.Q(('buyer', models.F('seller')), _negated=True), name='escrow_has_two_parties'), models.UniqueConstraint(condition=models.Q(('charge_id', ''), _negated=True), fields=('charge_id',), name='one_escrow_per_charge'), models.UniqueConstraint(condition=models.Q(('checkout_id', ''), _negated=True), fields=('checkout_id',), name='one_escrow_per_checkout')],
            },
        ),
        migrations.CreateModel(
            name='Suspicion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('remote_id', models.CharField(max_length=100, unique=True)),
                ('escrow', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suspicions', to='payments.escrow')),
                ('kind', models.CharField(choices=[('review', 'under review at the processor'), ('fraud_warning', "early fraud warning of the card's bank")], max_length=15)),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('cleared_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['opened_at'],
            },
        ),
        migrations.CreateModel(
            name='Chargeback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('remote_id', models.CharField(max_length=100, unique=True)),
                ('escrow', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chargebacks', to='payments.escrow')),
                ('amount_cents', models.BigIntegerField()),
                ('fee_cents', models.BigIntegerField(default=0)),
                ('outcome', models.CharField(blank=True, max_length=10)),
                ('recovery_due', models.BooleanField(default=False)),
                ('answered', models.BooleanField(default=False)),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('decided_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['opened_at'],
            },
        ),
        migrations.CreateModel(
            name='EscrowEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('kind', models.CharField(max_length=40)),
                ('from_status', models.CharField(blank=True, max_length=20)),
                ('to_status', models.CharField(blank=True, max_length=20)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.TextField(blank=True)),
                ('escrow', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='payments.escrow')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Fingerprint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('card', 'card'), ('bank', 'bank account')], max_length=4)),
                ('mark', models.CharField(max_length=64)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fingerprints', to=settings.AUTH_USER_MODEL)),
                ('seen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'mark', 'person'), name='a_fingerprint_is_noted_once')],
            },
        ),
        migrations.CreateModel(
            name='Freeze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begun_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('begun_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('reason', models.TextField()),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(models.Value(1), condition=models.Q(('ended_at', None)), name='payouts_are_frozen_once')],
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(max_length=40)),
                ('text', models.TextField()),
                ('escrow', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='payments.escrow')),
                ('about_cents', models.BigIntegerField(help_text='So much of the price.', null=True)),
                ('raised_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('closed_at', None)), fields=['raised_at'], name='incident_open')],
            },
        ),
        migrations.CreateModel(
            name='GiveBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('escrow', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='give_backs', to='payments.escrow')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='give_backs', to='payments.incident')),
                ('refund_cents', models.BigIntegerField()),
                ('seller_cents', models.BigIntegerField()),
                ('commission_cents', models.BigIntegerField()),
                ('status', models.CharField(choices=[('open', 'being taken back'), ('done', 'given back'), ('failed', 'nothing could be taken back')], default='open', max_length=10)),
                ('begun_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('refund_cents', django.db.models.expressions.CombinedExpression(models.F('seller_cents'), '+', models.F('commission_cents'))), ('commission_cents__gte', 0), ('refund_cents__gt', 0), ('seller_cents__gte', 0)), name='given_back_by_seller_and_platform'), models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('escrow',), name='one_give_back_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Payout',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payouts', to=settings.AUTH_USER_MODEL)),
                ('amount_cents', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('paid', 'Paid'), ('failed', 'Failed')], default='pending', max_length=10)),
                ('remote_id', models.CharField(blank=True, max_length=100)),
                ('failure', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('failed_at', models.DateTimeField(null=True)),
                ('looked_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(condition=models.Q(('failed_at__isnull', False), ('looked_at', None)), fields=['failed_at'], name='payout_failed'), models.Index(fields=['created_at'], name='payout_newest'), models.Index(condition=models.Q(('remote_id', ''), _negated=True), fields=['remote_id'], name='payout_remote')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='payout_moves_something'), models.UniqueConstraint(condition=models.Q(('status', 'pending')), fields=('person', 'currency'), name='one_pending_payout_per_person')],
            },
        ),
        migrations.CreateModel(
            name='Instruction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('account', 'open a payout account'), ('checkout', 'open a checkout'), ('expire', 'close a checkout'), ('refund', 'refund a buyer'), ('transfer', "move proceeds to a seller's account"), ('payout', "pay out to a seller's bank"), ('reversal', "take proceeds back from a seller's account"), ('evidence', "answer a dispute at the buyer's bank"), ('setup', 'open a page that takes a card for several orders'), ('charge', 'charge a kept card for one order'), ('detach', 'forget a kept card'), ('forget', 'delete the customer of a kept card')], max_length=10)),
                ('purpose', models.CharField(max_length=120, unique=True)),
                ('attempt', models.PositiveSmallIntegerField(default=1)),
                ('params', models.JSONField()),
                ('account', models.CharField(blank=True, max_length=100)),
                ('escrow', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='instructions', to='payments.escrow')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('basket', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='instructions', to='payments.basket')),
                ('payout', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, to='payments.payout')),
                ('status', models.CharField(choices=[('ready', 'Ready'), ('sent', 'sent, answer not known'), ('done', 'Done'), ('refused', 'Refused'), ('called_off', 'called off before it was sent'), ('returned', 'done, but the money came back')], default='ready', max_length=10)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('first_sent_at', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('remote_id', models.CharField(blank=True, max_length=100)),
                ('error', models.TextField(blank=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='instruction_due'), models.Index(condition=models.Q(('remote_id', ''), _negated=True), fields=['remote_id'], name='by_remote_id'), models.Index(fields=['created_at'], name='instruction_newest'), models.Index(condition=models.Q(('basket__isnull', False)), fields=['basket'], name='of_basket'), models.Index(condition=models.Q(models.Q(('kind__in', ['refund', 'transfer', 'account']), ('status', 'refused')), models.Q(('due_at', None), ('status', 'sent')), _connector='OR'), fields=['created_at'], name='instruction_stuck')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind__in', ['transfer', 'refund', 'payout', 'reversal']), models.Q(('remote_id', ''), _negated=True)), fields=('remote_id',), name='what_moved_is_one_instructions')],
            },
        ),
        migrations.CreateModel(
            name='PayoutAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='payout_account', to=settings.AUTH_USER_MODEL)),
                ('remote_id', models.CharField(blank=True, max_length=100)),
                ('ready', models.BooleanField(default=False)),
                ('requirements', models.JSONField(default=list)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('was_ready', models.BooleanField(db_default=False, default=False)),
                ('checked_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('remote_id', ''), _negated=True), fields=('remote_id',), name='one_person_per_account')],
            },
        ),
        migrations.CreateModel(
            name='PayoutPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='payout_plan', to=settings.AUTH_USER_MODEL)),
                ('every', models.CharField(blank=True, choices=[('', 'Only when I ask'), ('daily', 'Every day'), ('weekly', 'Every week'), ('monthly', 'Every 30 days')], max_length=10)),
                ('minimum_cents', models.BigIntegerField(default=2000)),
                ('due_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='plan_due')],
            },
        ),
        migrations.CreateModel(
            name='Posting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('source', models.CharField(max_length=60)),
                ('destination', models.CharField(max_length=60)),
                ('amount_cents', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('escrow', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='payments.escrow')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['source', 'currency'], include=('amount_cents',), name='spent'), models.Index(fields=['destination', 'currency'], include=('amount_cents',), name='got')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='posting_moves_something'), models.CheckConstraint(condition=models.Q(('source', models.F('destination')), _negated=True), name='posting_moves_somewhere')],
            },
        ),
        migrations.CreateModel(
            name='PublishedTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audit', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='total', to='payments.ledgeraudit')),
                ('currency', models.CharField(max_length=3)),
                ('root', models.CharField(max_length=64)),
                ('count', models.PositiveIntegerField()),
                ('held_cents', models.BigIntegerField()),
                ('leaves', models.JSONField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Difference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255, unique=True)),
                ('kind', models.CharField(choices=[('missing', 'posted here, unknown to the processor'), ('extra', 'moved at the processor, not posted here'), ('altered', 'another amount there than here')], max_length=10)),
                ('account', models.CharField(blank=True, max_length=100)),
                ('source', models.CharField(max_length=150)),
                ('posted_cents', models.BigIntegerField()),
                ('line_cents', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('text', models.TextField()),
                ('found_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('last_in', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='differences', to='payments.reconciliation')),
                ('decided_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('decided_at__isnull', True)), fields=['id'], name='drift_open'), models.Index(fields=['source'], name='drift_source')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='seal',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='84a235d97b1f67a7a98f18ba5b3c329f0d3a7b1c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_8d374', table='payments_seal', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='basketevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='05d32ca1d0602ea0ae1be591fabac7919130108d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_73f52', table='payments_basketevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='escrowevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7e750a8dc77aec866d39ae2367b276f05485bce6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_90dca', table='payments_escrowevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='posting',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='5e9511c1ae0c4be83de5c51416a4b7acbdbc9018', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_6ff2e', table='payments_posting', when='BEFORE')),
        ),
    ]
