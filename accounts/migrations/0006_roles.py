from typing import Any

from django.db import migrations, models


def roles_of_those_who_were_in(apps: Any, schema_editor: Any) -> None:
    """Whoever could enter the console can do there what they could before."""
    people = apps.get_model("accounts", "Person").objects
    people.filter(is_superuser=True).update(role="admin", is_staff=True)
    people.filter(is_superuser=False, is_staff=True).update(role="moderator")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_standing_likeness_leaving"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="role",
            field=models.CharField(
                blank=True,
                choices=[
                    ("support", "Support"),
                    ("moderator", "Moderator"),
                    ("lead", "Lead"),
                    ("finance", "Finance"),
                    ("admin", "Administrator"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.RunPython(roles_of_those_who_were_in, migrations.RunPython.noop),
    ]
