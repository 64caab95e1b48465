"""One conditional update that tells what it left behind, in one round trip."""

from typing import Any, cast

from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.sql import UpdateQuery


def update(rows: QuerySet[Any], row: Model, **values: Any) -> bool:
    """Write `values` where `rows` still selects `row`, and read what came of them into `row`.

    False, and `row` as it was, where the conditions no longer held. Other columns stay as they
    were loaded, and so do the relations that came with them.
    """
    query = cast(UpdateQuery, rows.query.chain(UpdateQuery))
    query.add_update_values(values)
    connection: Any = connections[rows.db]
    compiler = query.get_compiler(rows.db)
    sql, params = compiler.as_sql()
    fields: list[Any] = [rows.model._meta.get_field(name) for name in values]
    # As QuerySet.create does it: Django has no UPDATE ... RETURNING of its own before 6.1.
    returning, _ = connection.ops.return_insert_columns(fields)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} {returning}", params)
        found = cursor.fetchall()
    if not found:
        return False
    assert len(found) == 1, "the conditions select one row"
    table = rows.model._meta.db_table
    converters = compiler.get_converters([field.get_col(table) for field in fields])
    (left,) = compiler.apply_converters(found, converters)
    for field, value in zip(fields, left, strict=True):
        setattr(row, field.attname, value)
    return True
