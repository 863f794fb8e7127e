"""The portal's types are those of the API: a change of one without the other is found here."""

import importlib.util
import sys
from collections import defaultdict
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "api_types.py"


@pytest.fixture(scope="module")
def script():
    specification = importlib.util.spec_from_file_location("api_types_under_test", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


def test_the_types_of_the_portal_are_those_of_the_api(script, capsys):
    """Run `python scripts/api_types.py` when this fails, and mend what the compiler then says."""
    assert script.main(["--check"]) == 0, capsys.readouterr().err


def test_a_file_that_differs_is_named_with_what_to_do(script, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(script, "TARGET", tmp_path / "generated.ts")
    assert script.main(["--check"]) == 1
    assert "run scripts/api_types.py" in capsys.readouterr().err


def test_no_two_shapes_of_the_api_share_a_name(script):
    """The description knows shapes by name only: of two, one would silently be told for both."""
    script.description()  # imports every room
    from tongbao.platform.api.shapes import In, Out

    def below(base):
        for one in base.__subclasses__():
            yield from below(one)
            yield one

    modules = defaultdict(set)
    for shape in (*below(Out), *below(In)):
        if "[" not in shape.__name__:
            modules[shape.__name__].add(shape.__module__)
    assert {name: places for name, places in modules.items() if len(places) > 1} == {}


DOCUMENT = {
    "components": {
        "schemas": {
            "Tone": {"enum": ["good", "bad"], "type": "string"},
            "Page[Shop]": {
                "type": "object",
                "required": ["items", "next"],
                "properties": {
                    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Shop"}},
                    "next": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
            },
            "Shop": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "tone": {"$ref": "#/components/schemas/Tone"},
                    "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
                    "anything": {"type": "object"},
                    "kind": {"const": "shop"},
                    "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
                },
            },
        }
    },
    "paths": {
        "/api/v1/shops/{shop_id}": {
            "patch": {
                "operationId": "change_shop",
                "parameters": [
                    {
                        "in": "path",
                        "name": "shop_id",
                        "required": True,
                        "schema": {"type": "string"},
                    },
                    {"in": "query", "name": "dry-run", "schema": {"type": "boolean"}},
                    {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Shop"}}
                    }
                },
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Page[Shop]"}
                            }
                        }
                    },
                    "422": {"content": {"application/problem+json": {"schema": {}}}},
                },
            }
        }
    },
}


def test_shapes_and_operations_become_types(script):
    text = script.types_of(DOCUMENT)
    for line in (
        'export type Tone = "good" | "bad";',
        "export interface Page_Shop {",
        "  items: readonly Shop[];",
        "  next: string | null;",
        "  tone?: Tone | undefined;",
        "  limits?: Readonly<Record<string, number>> | undefined;",
        "  anything?: Readonly<Record<string, unknown>> | undefined;",
        '  kind?: "shop" | undefined;',
        '  tags?: readonly ("a" | "b")[] | undefined;',
        "    path: { shop_id: string };",
        '    query: { "dry-run"?: boolean | undefined };',
        "    body: Shop;",
        "    answer: Page_Shop;",
        '  change_shop: ["PATCH", "/shops/{shop_id}"],',
    ):
        assert line in text.splitlines()
