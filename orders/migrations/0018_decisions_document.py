"""The table by which time decides disputes can be edited; facts and guides come by the catalogue."""

from django.db import migrations


def make_row(apps, schema_editor):
    apps.get_model("accounts", "Document").objects.create(name="decisions", kind="decisions")


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0015_editions"),
        ("orders", "0017_baskets"),
    ]

    operations = [migrations.RunPython(make_row, migrations.RunPython.noop)]
