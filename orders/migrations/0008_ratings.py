
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0007_code_reports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stars', models.PositiveSmallIntegerField()),
                ('text', models.TextField(blank=True, max_length=1000)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('shown_at', models.DateTimeField(null=True)),
                ('report', models.TextField(blank=True, max_length=1000)),
                ('reported_at', models.DateTimeField(null=True)),
                ('looked_at', models.DateTimeField(null=True)),
                ('removed_at', models.DateTimeField(null=True)),
                ('about', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ratings', to='orders.order')),
            ],
            options={
                'indexes': [models.Index(fields=['about', '-shown_at'], name='rating_about'), models.Index(condition=models.Q(('shown_at', None)), fields=['at'], name='rating_hidden'), models.Index(condition=models.Q(('looked_at', None), ('reported_at__isnull', False)), fields=['reported_at'], name='rating_reported')],
                'constraints': [models.UniqueConstraint(fields=('order', 'by'), name='each_party_rates_once'), models.CheckConstraint(condition=models.Q(('stars__gte', 1), ('stars__lte', 5)), name='stars_from_1_to_5'), models.CheckConstraint(condition=models.Q(('by', models.F('about')), _negated=True), name='nobody_rates_themselves')],
            },
        ),
    ]
