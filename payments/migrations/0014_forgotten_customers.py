from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('payments', '0013_baskets'),
    ]

    operations = [
        migrations.AlterField(
            model_name='instruction',
            name='kind',
            field=models.CharField(choices=[('account', 'open a payout account'), ('checkout', 'open a checkout'), ('expire', 'close a checkout'), ('refund', 'refund a buyer'), ('transfer', "move proceeds to a seller's account"), ('payout', "pay out to a seller's bank"), ('reversal', "take proceeds back from a seller's account"), ('evidence', "answer a dispute at the buyer's bank"), ('setup', 'open a page that takes a card for several orders'), ('charge', 'charge a kept card for one order'), ('detach', 'forget a kept card'), ('forget', 'delete the customer of a kept card')], max_length=10),
        ),
    ]
