"""Which parameters each endpoint takes, and how a request that breaks the rules is refused.

`parameters.json` holds a JSON Schema per endpoint; see docs/sandbox.md for where it comes from.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.stripe.errors import StripeError

Schema = dict[str, Any]
NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
REMOVED = {
    "payment_method_types": (
        "The `payment_method_types` parameter is no longer supported in this API version. "
        "Use `allowed_payment_method_types` instead."
    )
}


@cache
def schemas() -> dict[str, Schema]:
    """The schema of each endpoint, by method and path template."""
    loaded: dict[str, Schema] = json.loads((Path(__file__).parent / "parameters.json").read_text())
    return loaded


def decode_form(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Turns `a[b][0]=c` pairs into nested dicts of strings; lists are recognised later."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        match = NAME.fullmatch(name)
        if match is None:
            raise StripeError(f"Invalid parameter name: {name}", param=name)
        parts = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        node = root
        for position, part in enumerate(parts):
            slot = part or str(len(node))
            if position == len(parts) - 1:
                if slot in node:
                    raise StripeError(f"Parameter given twice: {name}", param=name)
                node[slot] = value
            else:
                node = node.setdefault(slot, {})
                if not isinstance(node, dict):
                    raise StripeError(f"Both a value and an object: {name}", param=name)
    return root


def checked(endpoint: str, given: Any, *, form: bool) -> dict[str, Any]:
    """The parameters in their real types; raises StripeError for the first thing wrong."""
    schema = schemas()[endpoint]
    for name, message in REMOVED.items():
        if isinstance(given, dict) and name in given and name not in schema["properties"]:
            code = f"{name}_no_longer_supported"
            raise StripeError(message, code=code, param=name)
    result: dict[str, Any] = _check(given, schema, "", form)
    return result


def _check(value: Any, schema: Schema, path: str, form: bool) -> Any:
    if "anyOf" in schema:
        return _check_any(value, schema["anyOf"], path, form)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if value is None and ("null" in types or not types):
        return None
    if "object" in types and isinstance(value, dict):
        return _check_object(value, schema, path, form)
    if "array" in types:
        return _check_array(value, schema, path, form)
    return _check_scalar(value, types, schema, path, form)


def _check_any(value: Any, options: list[Schema], path: str, form: bool) -> Any:
    """The first option that fits; otherwise the complaint that got deepest into the value."""
    deepest: StripeError | None = None
    for option in options:
        try:
            return _check(value, option, path, form)
        except StripeError as error:
            depth = len(str(error.error.get("param", "")))
            if deepest is None or depth > len(str(deepest.error.get("param", ""))):
                deepest = error
    raise deepest or StripeError("Invalid value", param=path)


def _check_object(value: dict[str, Any], schema: Schema, path: str, form: bool) -> dict[str, Any]:
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    names = schema.get("propertyNames")
    unknown = [name for name in value if name not in known]
    if unknown and rest is False:
        where = [_join(path, name) for name in unknown]
        plural = "s" if len(where) > 1 else ""
        raise StripeError(
            f"Received unknown parameter{plural}: {', '.join(where)}",
            code="parameter_unknown",
            param=where[0],
        )
    for name in schema.get("required", []):
        if name not in value:
            where_missing = _join(path, name)
            raise StripeError(
                f"Missing required param: {where_missing}.",
                code="parameter_missing",
                param=where_missing,
            )
    if len(value) > schema.get("maxProperties", len(value)):
        raise StripeError(f"Too many keys in {path}", param=path)
    result = {}
    for name, item in value.items():
        where_item = _join(path, name)
        if names and name not in known:
            _check_scalar(name, ["string"], names, where_item, form)
        item_schema = known.get(name, rest if isinstance(rest, dict) else {})
        result[name] = _check(item, item_schema, where_item, form) if item_schema else item
    return result


def _check_array(value: Any, schema: Schema, path: str, form: bool) -> list[Any]:
    if form and isinstance(value, dict) and all(name.isdigit() for name in value):
        value = [value[name] for name in sorted(value, key=int)]
    if not isinstance(value, list):
        raise StripeError("Invalid array", code="parameter_invalid_array", param=path)
    return [
        _check(item, schema.get("items", {}), _join(path, str(index)), form)
        for index, item in enumerate(value)
    ]


def _check_scalar(value: Any, types: list[str], schema: Schema, path: str, form: bool) -> Any:
    if form and isinstance(value, str):
        value = _from_form(value, types)
    for wanted in types or ["string"]:
        if _is(value, wanted):
            break
    else:
        wanted = types[0] if types else "string"
        code = "parameter_invalid_integer" if wanted == "integer" else None
        if wanted == "string" and isinstance(value, dict | list):
            code = "parameter_invalid_string"
        raise StripeError(f"Invalid {wanted}: {value}", code=code, param=path)
    options = schema.get("enum")
    if options is not None and value not in options:
        choices = ", ".join(str(option) for option in options[:20])
        raise StripeError(f"Invalid {path}: must be one of {choices}", param=path)
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            limit = schema["maxLength"]
            raise StripeError(f"Invalid string: at most {limit} characters", param=path)
        if "pattern" in schema and not re.search(schema["pattern"], value):
            raise StripeError(f"Invalid format: {value}", param=path)
    return value


def _from_form(value: str, types: list[str]) -> Any:
    if "integer" in types and re.fullmatch(r"-?\d+", value):
        return int(value)
    if "number" in types and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    if "boolean" in types and value in ("true", "false"):
        return value == "true"
    return value


def _is(value: Any, wanted: str) -> bool:
    if wanted == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    kinds: dict[str, type] = {"string": str, "boolean": bool, "object": dict, "array": list}
    return isinstance(value, kinds[wanted]) if wanted in kinds else value is None


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name
