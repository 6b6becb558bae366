"""Signing in and out, and one's own password."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from surveys.access import signed_in
from surveys.accounts import SignInRefused, redeem
from surveys.languages import own_name
from surveys.workbench.forms.accounts import SignInForm

BACKEND = "django.contrib.auth.backends.ModelBackend"
# Whether this session began with a link: then a new password may be set without the forgotten one.
BY_LINK = "signed-in-by-link"
LANGUAGE_SECONDS = 400 * 24 * 3600  # the longest that browsers keep a cookie


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with e-mail address and password, then go on to the page that was asked for."""
    onward = _onward(request)
    if request.user.is_authenticated:
        return redirect(onward)
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        login(request, form.researcher, backend=BACKEND)
        return redirect(onward)
    return render(
        request, "workbench/accounts/sign_in.html", {"form": form, "onward": onward, "languages": _languages()}
    )


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, so that a preview of the link does not use it up; POST signs in, once."""
    refusal = ""
    if request.method == "POST":
        try:
            researcher = redeem(token)
        except SignInRefused as error:
            refusal = str(error)
        else:
            login(request, researcher, backend=BACKEND)
            request.session[BY_LINK] = True
            return redirect("workbench:home")
    return render(
        request, "workbench/accounts/sign_in_by_link.html", {"refusal": refusal}, status=403 if refusal else 200
    )


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("workbench:sign-in")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Let the workbench speak another language in this browser, and go back to the page on which it was chosen."""
    chosen = request.POST.get("language", "")
    response = redirect(_onward(request))
    if chosen in settings.WORKBENCH_LANGUAGES:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=LANGUAGE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


@never_cache
@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Set a first password, or change it; the old one is asked for unless a link was what signed in."""
    researcher = signed_in(request)
    needs_old = researcher.has_usable_password() and not request.session.get(BY_LINK)
    form_class = PasswordChangeForm if needs_old else SetPasswordForm
    form = form_class(researcher, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, researcher)
        request.session.pop(BY_LINK, None)
        messages.success(request, _("Your password is set. Other sessions of yours were signed out."))
        return redirect("workbench:home")
    return render(request, "workbench/accounts/password.html", {"form": form, "languages": _languages()})


def _languages() -> list[tuple[str, str]]:
    """(tag, own name) of each language that the workbench speaks."""
    return [(tag, own_name(tag)) for tag in settings.WORKBENCH_LANGUAGES]


def _onward(request: HttpRequest) -> str:
    """The page that was asked for, if it is one of ours; or else the list of studies."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return asked
    return "/"
