"""Writes the TypeScript types of the public API for the portal, from the API's own description.

    python scripts/api_types.py           write web/portal/src/api/generated.ts
    python scripts/api_types.py --check   say whether it is what the description gives; 1 if not

The portal's pages name operations, not addresses, so a change of the API that they do not follow
is an error of the compiler.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "web" / "portal" / "src" / "api" / "generated.ts"
PREFIX = "/api/v1"
METHODS = ("get", "post", "put", "patch", "delete")
_NAME = re.compile(r"^[A-Za-z_$][A-Za-z0-9_$]*$")
_PLAIN = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}

Schema = Mapping[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check the file and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(argv)
    text = types_of(description())
    if not options.check:
        TARGET.write_text(text, encoding="utf-8")
        print(f"wrote {TARGET.relative_to(ROOT)}")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print("the API has changed: run scripts/api_types.py", file=sys.stderr)
    return 1


def description() -> Schema:
    """Return the API's OpenAPI document."""
    from tongbao.platform.project import configured

    configured()
    from tongbao.platform.api.v1 import description

    # Through JSON: what the document says, and not what Python keeps behind it.
    told: Schema = json.loads(json.dumps(description(), default=str))
    return told


def types_of(document: Schema) -> str:
    """Return the whole file for an OpenAPI document."""
    lines = ["/* Made by scripts/api_types.py from the API's description; do not edit. */", ""]
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += [*_declaration(name, schema), ""]
    operations = sorted(_operations(document), key=lambda one: str(one[2]["operationId"]))
    lines.append("export interface Operations {")
    for _, _, operation in operations:
        lines += _signature(operation)
    lines += ["}", "", "/** Method and address of each operation. */"]
    lines.append("export const OPERATIONS = {")
    lines += [
        f'  {operation["operationId"]}: ["{method.upper()}", "{path}"],'
        for method, path, operation in operations
    ]
    lines += ["} as const satisfies Record<keyof Operations, readonly [string, string]>;", ""]
    return "\n".join(lines)


def _operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, str(path).removeprefix(PREFIX), item[method]


def _declaration(name: str, schema: Schema) -> list[str]:
    if schema.get("type") != "object" or "properties" not in schema:
        return [f"export type {_type_name(name)} = {_type(schema)};"]
    lines = [f"export interface {_type_name(name)} {{"]
    lines += [f"  {member}" for member in _members(schema)]
    return [*lines, "}"]


def _members(schema: Schema) -> Iterator[str]:
    required = set(schema.get("required", ()))
    for name, part in schema.get("properties", {}).items():
        words = _type(part)
        optional = name not in required
        yield f"{_key(name)}{'?' if optional else ''}: {words}{' | undefined' if optional else ''};"


def _signature(operation: Schema) -> list[str]:
    parameters = operation.get("parameters", ())
    path = [one for one in parameters if one["in"] == "path"]
    query = [one for one in parameters if one["in"] == "query"]
    return [
        f"  {operation['operationId']}: {{",
        f"    path: {_arguments(path)};",
        f"    query: {_arguments(query)};",
        f"    body: {_body(operation)};",
        f"    answer: {_answer(operation)};",
        "  };",
    ]


def _arguments(parameters: Sequence[Schema]) -> str:
    if not parameters:
        return "object"
    parts = []
    for one in parameters:
        needed = one.get("required", False)
        words = _type(one.get("schema", {}))
        parts.append(
            f"{_key(one['name'])}{'' if needed else '?'}: {words}{'' if needed else ' | undefined'}"
        )
    return f"{{ {'; '.join(parts)} }}"


def _body(operation: Schema) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return _type(content["application/json"]["schema"])
    return "FormData" if content else "undefined"


def _answer(operation: Schema) -> str:
    good = [
        answer
        for status, answer in sorted(operation.get("responses", {}).items())
        if str(status).startswith("2")
    ]
    shapes = []
    for answer in good:
        content = answer.get("content", {})
        if "application/json" in content:
            shapes.append(_type(content["application/json"]["schema"]))
        elif content:
            shapes.append("Blob")
    return " | ".join(dict.fromkeys(shapes)) or "undefined"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _type_name(str(schema["$ref"]).rsplit("/", maxsplit=1)[-1])
    for combination, sign in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if combination in schema:
            return sign.join(dict.fromkeys(_grouped(part) for part in schema[combination]))
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    return _plain_type(schema)


def _plain_type(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_plain_type({**schema, "type": one}) for one in kind)
    if kind == "array":
        return f"readonly {_grouped(schema.get('items', {}))}[]"
    if kind == "object":
        return _object_type(schema)
    return _PLAIN.get(str(kind), "unknown")


def _object_type(schema: Schema) -> str:
    if "properties" in schema:
        return f"{{ {' '.join(_members(schema))} }}"
    others = schema.get("additionalProperties")
    values = _type(others) if isinstance(others, Mapping) and others else "unknown"
    return f"Readonly<Record<string, {values}>>"


def _grouped(schema: Schema) -> str:
    words = _type(schema)
    return (
        f"({words})" if " | " in words or " & " in words or words.startswith("readonly") else words
    )


def _type_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")


def _key(name: str) -> str:
    return name if _NAME.match(name) else json.dumps(name)


if __name__ == "__main__":
    sys.exit(main())
