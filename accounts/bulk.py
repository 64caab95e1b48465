"""Writing many rows in one statement, where building a model instance for each would cost most."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import NOT_PROVIDED


def insert(
    model: type[models.Model], rows: Sequence[Mapping[str, Any]], *, ignore_conflicts: bool = False
) -> int:
    """Insert `rows`, alike in their columns (as in `escrow_id`); returns how many were new.

    Columns that are not named take the model's default, or the database's where it has one.
    """
    if not rows:
        return 0
    fields = {str(field.column): field for field in model._meta.concrete_fields}
    named = [f"{name} {fields[name].db_type(connection)}" for name in rows[0]]
    rest = {
        column: field.get_default()
        for column, field in fields.items()
        if column not in rows[0] and not field.primary_key and field.db_default is NOT_PROVIDED
    }
    columns = ", ".join([*rows[0], *rest])
    values = ", ".join([*rows[0], *("%s" for _ in rest)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {values}"  # noqa: S608 - ours
            f" FROM json_to_recordset(%s) AS row ({', '.join(named)})"
            + (" ON CONFLICT DO NOTHING" if ignore_conflicts else ""),
            [*rest.values(), json.dumps(rows, cls=DjangoJSONEncoder)],
        )
        return int(cursor.rowcount)
