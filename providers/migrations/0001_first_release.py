import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    # What databases from before the first release have: with all of it, nothing is left to do.
    replaces = [
        ('providers', '0001_initial'),
        ('providers', '0002_editions'),
        ('providers', '0003_policy_in_effect'),
    ]

    dependencies = [
        ('accounts', '0001_first_release'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Provider',
            fields=[
                ('slug', models.SlugField(max_length=60, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('homepage', models.URLField()),
                ('category', models.CharField(choices=[('llm', 'Language models'), ('multi', 'Many models in one place'), ('image', 'Images'), ('video', 'Video'), ('audio', 'Speech and audio'), ('gpu', 'GPU time'), ('cloud', 'Cloud platforms'), ('search', 'Search and web data')], max_length=12)),
                ('summary', models.CharField(max_length=240)),
                ('resale_policy', models.CharField(choices=[('allowed', 'Resale allowed'), ('consent_required', 'Consent required'), ('unknown', 'Terms not clear'), ('forbidden', 'Resale forbidden')], max_length=20)),
                ('policy_clause', models.TextField(help_text='What the terms say, in our words.')),
                ('policy_source', models.URLField(blank=True, max_length=400)),
                ('policy_checked_on', models.DateField()),
                ('policy_overridden', models.BooleanField(default=False, help_text='A moderator decided; the catalogue no longer sets the policy.')),
                ('policy_in_effect', models.CharField(blank=True, editable=False, help_text='The policy for which live offers were looked through.', max_length=20)),
                ('transfer_methods', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('redeem_code', 'Redeem code'), ('balance_transfer', 'Balance transfer'), ('org_transfer', 'Organisation handed over'), ('seat_invite', 'Seat invitation'), ('assisted', 'Moved by the provider')], max_length=20), size=None)),
                ('transfer_notes', models.TextField()),
                ('ladder', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('api_balance', 'Balance read from the provider'), ('api_grant_row', 'New grant read from the provider'), ('identity_and_document', 'Account check and document'), ('evidence_upload', 'Dated evidence'), ('buyer_confirmation', "The buyer's word")], max_length=24), help_text='Strongest rung first.', size=None)),
                ('credit_expiry', models.TextField(blank=True)),
                ('balance_api', models.JSONField(blank=True, null=True)),
                ('token_patterns', models.JSONField(blank=True, default=list)),
                ('sources', models.JSONField(blank=True, default=list)),
                ('confidence', models.CharField(choices=[('high', "Read in the provider's own documents"), ('medium', 'Partly read, partly from public code'), ('low', 'Few sources found')], max_length=8)),
                ('checked_on', models.DateField(help_text='When these facts were last compared with the sources.')),
                ('retired', models.BooleanField(default=False, help_text='No longer in the catalogue.')),
                ('edition', models.ForeignKey(blank=True, help_text='Which edition these facts are of, where people corrected the file.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.edition')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('resale_policy__in', ['allowed', 'consent_required', 'unknown', 'forbidden'])), name='provider_policy_known'), models.CheckConstraint(condition=models.Q(('transfer_methods', []), _negated=True), name='provider_has_transfer_method'), models.CheckConstraint(condition=models.Q(('ladder', []), _negated=True), name='provider_has_ladder')],
            },
        ),
        migrations.CreateModel(
            name='Program',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='programs', to='providers.provider')),
                ('slug', models.SlugField(max_length=80)),
                ('name', models.CharField(max_length=120)),
                ('amount', models.CharField(help_text='What it gives, in words.', max_length=240)),
                ('who', models.CharField(blank=True, help_text='Who may have it.', max_length=240)),
                ('expiry', models.CharField(blank=True, max_length=240)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('retired', models.BooleanField(default=False, help_text='No longer in the catalogue.')),
            ],
            options={
                'ordering': ['provider', 'position'],
                'constraints': [models.UniqueConstraint(fields=('provider', 'slug'), name='program_slug_per_provider')],
            },
        ),
        migrations.CreateModel(
            name='PolicyChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policy_changes', to='providers.provider')),
                ('policy_before', models.CharField(choices=[('allowed', 'Resale allowed'), ('consent_required', 'Consent required'), ('unknown', 'Terms not clear'), ('forbidden', 'Resale forbidden')], max_length=20)),
                ('policy_after', models.CharField(choices=[('allowed', 'Resale allowed'), ('consent_required', 'Consent required'), ('unknown', 'Terms not clear'), ('forbidden', 'Resale forbidden')], max_length=20)),
                ('clause_before', models.TextField()),
                ('clause_after', models.TextField()),
                ('source', models.URLField(blank=True, max_length=400)),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.TextField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='UnitPrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unit_prices', to='providers.provider')),
                ('what', models.CharField(max_length=120)),
                ('unit', models.CharField(max_length=80)),
                ('price_usd', models.DecimalField(decimal_places=9, max_digits=18)),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['provider', 'position'],
                'constraints': [models.UniqueConstraint(fields=('provider', 'what', 'unit'), name='unit_price_once_per_provider'), models.CheckConstraint(condition=models.Q(('price_usd__gt', 0)), name='unit_price_above_zero')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policychange',
            trigger=pgtrigger.compiler.Trigger(name='policy_change_is_final', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fa3657e7d77279d54957ee95cee13dfd69763a22', operation='UPDATE OR DELETE', pgid='pgtrigger_policy_change_is_final_7c165', table='providers_policychange', when='BEFORE')),
        ),
    ]
