"""What a page needs before its first change: the CSRF token of its session."""

from __future__ import annotations

from django.middleware.csrf import get_token
from ninja import Router

from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.shapes import Out

router = Router(tags=["session"])


class CsrfToken(Out):
    """The token that changes need in the header X-CSRFToken, when they come with a session."""

    csrf_token: str


@router.get("/csrf-token", response=CsrfToken, operation_id="get_csrf_token")
@operation(Operation.CSRF_GIVE)
def csrf_token(request: ApiRequest) -> CsrfToken:
    """Give the CSRF token of this browser and set its cookie."""
    return CsrfToken(csrf_token=get_token(request))
