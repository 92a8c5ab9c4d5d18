"""Requests and answers checked against the discovery document that google-api-python-client packages.

The fakes cannot drift from the vendor's schema, nor the application's requests: a break of either is an
AssertionError, which the sandbox records as an error of the run.
"""

import functools
import json
from importlib import resources
from typing import Any

import jsonschema

Schema = dict[str, Any]

# Accepted by Google's front end for every API, and not in the documents.
_COMMON = {"uploadType": {"type": "string"}, "upload_id": {"type": "string"}, "alt": {"type": "string"}}
_DATE_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"


@functools.cache
def document(name: str) -> Schema:
    """The packaged document, for example of "youtube.v3"."""
    path = resources.files("googleapiclient.discovery_cache") / "documents" / f"{name}.json"
    loaded: Schema = json.loads(path.read_text())
    return loaded


def check(name: str, schema: str, value: object) -> None:
    """Raise AssertionError when `value` is not what the document's `schema` describes, or has more than that."""
    problems = [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in _validator(name, schema).iter_errors(value)
    ]
    if problems:
        raise AssertionError(f"{schema} does not match the discovery document: {problems[:5]}")


def check_request(name: str, http_method: str, path: str, parameters: list[tuple[str, str]]) -> Schema:
    """The document's method for this request. Raises AssertionError when a real server would refuse it."""
    method = _methods(name).get((http_method, path))
    if method is None:
        raise AssertionError(f"{http_method} {path} is not in the discovery document")
    known = {**document(name)["parameters"], **_COMMON, **method.get("parameters", {})}
    for key, value in parameters:
        if key not in known:
            raise AssertionError(f"unknown parameter {key!r} for {method['id']}")
        expected = known[key]
        if "enum" in expected and value not in expected["enum"]:
            raise AssertionError(f"{key}={value!r} is not one of {expected['enum']}")
        if expected.get("type") == "integer":
            low, high = int(expected.get("minimum", value)), int(expected.get("maximum", value))
            if not low <= int(value) <= high:
                raise AssertionError(f"{key}={value} out of range [{low}, {high}]")
    given = {key for key, _ in parameters}
    missing = [key for key, p in method.get("parameters", {}).items() if p.get("required") and key not in given]
    if missing:
        raise AssertionError(f"missing {missing} for {method['id']}")
    return method


@functools.cache
def _validator(name: str, schema: str) -> jsonschema.Draft202012Validator:
    definitions = {key: _converted(value) for key, value in document(name)["schemas"].items()}
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{schema}", "$defs": definitions})


@functools.cache
def _methods(name: str) -> dict[tuple[str, str], Schema]:
    """(HTTP method, path) -> method, under its simple and its media upload paths."""
    found: dict[tuple[str, str], Schema] = {}

    def walk(resource: Schema) -> None:
        for child in resource.get("resources", {}).values():
            for method in child.get("methods", {}).values():
                found[method["httpMethod"], "/" + method["path"].lstrip("/")] = method
                for protocol in method.get("mediaUpload", {}).get("protocols", {}).values():
                    found[method["httpMethod"], protocol["path"]] = method
            walk(child)

    walk(document(name))
    return found


def _converted(schema: Schema) -> Schema:
    """A discovery schema (of JSON Schema draft 3's kind) as 2020-12, its objects closed."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind, form = schema.get("type"), schema.get("format")
    if kind == "any":
        return {}
    converted: Schema = {"type": kind} if kind else {}
    if kind == "string" and form in ("int64", "uint64"):
        converted["pattern"] = r"^-?\d+$" if form == "int64" else r"^\d+$"
    if kind == "string" and form in ("date-time", "google-datetime"):
        converted["pattern"] = _DATE_TIME
    if "enum" in schema:
        converted["enum"] = schema["enum"]
    if "items" in schema:
        converted["items"] = _converted(schema["items"])
    if kind == "object":
        properties, more = schema.get("properties"), schema.get("additionalProperties")
        if properties:
            converted["properties"] = {key: _converted(value) for key, value in properties.items()}
        converted["additionalProperties"] = _converted(more) if isinstance(more, dict) else not properties
    return converted
