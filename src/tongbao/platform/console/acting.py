"""Pages of records that also take forms: one address a record, one word a form, only by POST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse

from tongbao.platform.access.enforce import AccessDeniedError
from tongbao.platform.console.read_only import ReadOnlyAdmin, Record

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.urls import URLPattern

TEXT_LENGTH_MAX = 500


class UnknownFormError(LookupError):
    """The page has no such form."""


class FormRefusedError(ValueError):
    """Nothing was done; the text says to the person what to correct."""


def text_of(request: HttpRequest, name: str, length_max: int = TEXT_LENGTH_MAX) -> str:
    """Return what was typed into a field, without blanks around it and cut to `length_max`."""
    return request.POST.get(name, "").strip()[:length_max]


class ActingAdmin(ReadOnlyAdmin[Record]):
    """Shows records, and takes what staff may do with one at `<key>/do/`."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address that takes forms."""
        view = self.admin_site.admin_view(self.do_view)
        return [path("<path:object_id>/do/", view, name=self.page("do")), *super().get_urls()]

    def page(self, what: str) -> str:
        """Return the name of one of this class's addresses, without the site's."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{what}"

    def do_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take one form of a record's page, then show the page again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        try:
            messages.success(request, self.take_form(request, record))
        except UnknownFormError:
            raise Http404 from None
        except AccessDeniedError as error:
            raise PermissionDenied from error
        except FormRefusedError as refused:
            messages.error(request, str(refused))
        return redirect(reverse(f"admin:{self.page('change')}", args=[quote(record.pk)]))

    def take_form(self, request: HttpRequest, record: Any) -> str:
        """Do what the form asks for and return what to say about it.

        Raises UnknownFormError; FormRefusedError; AccessDeniedError.
        """
        raise NotImplementedError
