"""GitHub's sign-in: the authorize page, the token, and the two API calls that tell who it is."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sandbox.identity import grants
from sandbox.identity.grants import BadGrant
from sandbox.models import Grant


@csrf_exempt
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """The page to choose a person on."""
    return grants.authorize(request, "github", "GitHub")


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """A code for a token; GitHub answers 200 even when it refuses."""
    try:
        grant = grants.redeem(request, "github")
    except BadGrant:
        message = "The code passed is incorrect or expired."
        return JsonResponse({"error": "bad_verification_code", "error_description": message})
    return JsonResponse(
        {"access_token": grant.token, "scope": "user:email", "token_type": "bearer"}
    )


@require_GET
def user(request: HttpRequest) -> HttpResponse:
    """The person; only a verified address can be public."""
    grant = grants.by_token(request, "github")
    if grant is None:
        return _refused()
    claims = grant.claims
    login = str(claims["email"]).partition("@")[0]
    return JsonResponse(
        {
            "login": login,
            "id": _number(grant),
            "avatar_url": None,
            "html_url": f"https://github.com/{login}",
            "type": "User",
            "name": claims["name"],
            "email": claims["email"] if claims["email_verified"] else None,
        }
    )


@require_GET
def emails(request: HttpRequest) -> HttpResponse:
    """Their addresses, and whether GitHub has verified them."""
    grant = grants.by_token(request, "github")
    if grant is None:
        return _refused()
    address: dict[str, Any] = {
        "email": grant.claims["email"],
        "primary": True,
        "verified": grant.claims["email_verified"],
        "visibility": "private",
    }
    return JsonResponse([address], safe=False)


def _number(grant: Grant) -> int:
    """GitHub's ids are numbers; a typed id that is none becomes one."""
    subject = str(grant.claims["sub"])
    if subject.isdigit():
        return int(subject)
    return int(hashlib.sha256(subject.encode()).hexdigest()[:10], 16)


def _refused() -> HttpResponse:
    return JsonResponse({"message": "Bad credentials"}, status=401)


urlpatterns = [
    path("login/oauth/authorize", authorize),
    path("login/oauth/access_token", token),
    path("api/v3/user", user),
    path("api/v3/user/emails", emails),
]
