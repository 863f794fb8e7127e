"""The description of the API: OpenAPI 3.1, complete, and true about the guard."""

import json
import re

from tests.platform.api.conftest import Caller
from tongbao.app.cli import main


def operations():
    from tongbao.platform.api.v1 import api

    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            for endpoint in view.operations:
                operation = getattr(endpoint.view_func, "tongbao_operation", None)
                yield f"{endpoint.methods} {bound.prefix}{path}", operation


def test_every_endpoint_says_which_operation_it_is(django_sqlite):
    from tongbao.platform.access.operations import OPERATIONS

    assert [name for name, operation in operations() if operation not in OPERATIONS] == []


def test_an_endpoint_of_a_merchant_has_the_merchant_in_its_path(django_sqlite):
    from tongbao.platform.access.operations import OPERATIONS, Tenant

    for name, operation in operations():
        if OPERATIONS[operation].tenant is Tenant.MERCHANT:
            assert "{merchant_id}" in name, name


def test_no_two_endpoints_share_a_name_and_each_is_described(django_sqlite):
    from tongbao.platform.api.v1 import description

    seen = set()
    for path, methods in description()["paths"].items():
        for method, endpoint in methods.items():
            assert endpoint["operationId"] not in seen
            assert re.fullmatch(r"[a-z_]+", endpoint["operationId"]), path
            seen.add(endpoint["operationId"])
            assert endpoint["description"], f"{method} {path}"
            assert endpoint["x-tongbao-operation"]
            assert endpoint["tags"]


def test_the_description_is_served_and_printed_alike(django_sqlite, capsys):
    served = Caller().get("/openapi.json")
    assert served.status_code == 200
    assert served.json()["openapi"] == "3.1.0"
    assert main(["platform", "openapi"]) == 0
    assert json.loads(capsys.readouterr().out) == served.json()
