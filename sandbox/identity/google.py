"""Google's sign-in: the authorize page, the token with its signed id_token, userinfo and keys."""

import base64
import time
from datetime import UTC, datetime, timedelta

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sandbox.identity import grants
from sandbox.identity.grants import BadGrant
from sandbox.models import Grant
from sandbox.writing import writing

KEY_FILE = settings.STATE_DIR / "google-key.pem"
KEY_ID = "sandbox-1"
TOKEN_SECONDS = 3600


@csrf_exempt
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """The page to choose a person on."""
    return grants.authorize(request, "google", "Google")


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """A code for an access token and an id_token."""
    try:
        grant = grants.redeem(request, "google")
    except BadGrant:
        return JsonResponse(
            {"error": "invalid_grant", "error_description": "Bad Request"}, status=400
        )
    return JsonResponse(
        {
            "access_token": grant.token,
            "expires_in": TOKEN_SECONDS,
            "id_token": _id_token(grant, request.build_absolute_uri("/google")),
            "scope": "openid email profile",
            "token_type": "Bearer",
        }
    )


@require_GET
def userinfo(request: HttpRequest) -> HttpResponse:
    """The person behind an access token."""
    grant = grants.by_token(request, "google")
    if grant is None:
        return JsonResponse({"error": "invalid_token"}, status=401)
    return JsonResponse(_claims(grant))


@require_GET
def jwks(_request: HttpRequest) -> HttpResponse:
    """The public key as a JSON Web Key."""
    numbers = _key().public_key().public_numbers()
    key = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": KEY_ID,
        "n": _base64(numbers.n),
        "e": _base64(numbers.e),
    }
    return JsonResponse({"keys": [key]})


@require_GET
def certificates(_request: HttpRequest) -> HttpResponse:
    """The public key as a certificate, the form in which django-allauth asks for it."""
    key = _key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return JsonResponse({KEY_ID: pem})


def _claims(grant: Grant) -> dict[str, object]:
    given, _, family = str(grant.claims["name"]).partition(" ")
    return {**grant.claims, "given_name": given, "family_name": family, "picture": None}


def _id_token(grant: Grant, issuer: str) -> str:
    """Real time, because the receiver checks it against its own clock."""
    now = int(time.time())
    claims = {
        **_claims(grant),
        "iss": issuer,
        "aud": grant.client_id,
        "azp": grant.client_id,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    if grant.nonce:
        claims["nonce"] = grant.nonce
    return jwt.encode(claims, _key(), algorithm="RS256", headers={"kid": KEY_ID})


def _key() -> rsa.RSAPrivateKey:
    """The signing key, made once and kept."""
    with writing():
        if not KEY_FILE.exists():
            fresh = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            KEY_FILE.write_bytes(
                fresh.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
            KEY_FILE.chmod(0o600)
    loaded = serialization.load_pem_private_key(KEY_FILE.read_bytes(), password=None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return loaded


def _base64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


urlpatterns = [
    path("o/oauth2/v2/auth", authorize),
    path("token", token),
    path("userinfo", userinfo),
    path("jwks", jwks),
    path("certs", certificates),
]
