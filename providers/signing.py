"""The odd ways in which some providers want a key: signed, or as a name with a password."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

Parts = Mapping[str, str]
Headers = dict[str, str]
REGION, SERVICE = "us-east-1", "billing"


def basic(method: str, url: str, headers: Headers, body: bytes, parts: Parts) -> Headers:
    """HTTP Basic: the account's id and the key."""
    pair = f"{parts['AccountSid']}:{parts['key']}".encode()
    return headers | {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def ovh(method: str, url: str, headers: Headers, body: bytes, parts: Parts) -> Headers:
    """OVHcloud's own signature: help.ovhcloud.com, "First steps with the API"."""
    at = str(int(datetime.now(UTC).timestamp()))
    words = (parts["application_secret"], parts["key"], method, url, body.decode(), at)
    # The provider's choice, not ours; the secret in it is fresh and read-only.
    digest = hashlib.sha1("+".join(words).encode()).hexdigest()  # noqa: S324
    return headers | {
        "X-Ovh-Application": parts["application_key"],
        "X-Ovh-Consumer": parts["key"],
        "X-Ovh-Timestamp": at,
        "X-Ovh-Signature": f"$1${digest}",
    }


def aws4(
    method: str,
    url: str,
    headers: Headers,
    body: bytes,
    parts: Parts,
    *,
    service: str = SERVICE,
    at: datetime | None = None,
) -> Headers:
    """AWS Signature Version 4: docs.aws.amazon.com, "Create a signed AWS API request"."""
    moment = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    address = urlsplit(url)
    signed = {name.lower(): value for name, value in headers.items()}
    signed |= {"host": address.netloc, "x-amz-date": moment}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            method,
            address.path or "/",
            address.query,
            *(f"{name}:{signed[name].strip()}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{moment[:8]}/{REGION}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    key = f"AWS4{parts['key']}".encode()
    for word in (moment[:8], REGION, service, "aws4_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{parts['access_key_id']}/{scope}"
    return headers | {
        "X-Amz-Date": moment,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, "
        f"SignedHeaders={names}, Signature={signature}",
    }


SIGNERS: dict[str, Callable[[str, str, Headers, bytes, Parts], Headers]] = {
    "aws4": aws4,
    "basic": basic,
    "ovh": ovh,
}
