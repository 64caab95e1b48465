"""Evidence: pictures that a party hands in or sends with a message, bound to the order, private.

Only pictures are taken. A PDF can carry programs and hidden text, and a picture of it shows the
same; so it is refused with that advice.
"""

import hashlib
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.encryption import decrypt_bytes, encrypt_bytes, fingerprint
from accounts.models import Person
from accounts.refusals import Invalid, NotAllowed, WrongState
from listings.pictures import re_encoded
from orders.models import Evidence, EvidenceKind, Message, Order, OrderStatus
from orders.progress import locked, machine, tell
from providers.vocabulary import Rung

S = OrderStatus
SALT = "orders.evidence"
NONCE_LIVES_SECONDS = 86_400
MOST_EACH = 12
MOST_PIXELS = 12_000_000
MOST_BYTES = 4 * 1024 * 1024
RUNGS = {
    EvidenceKind.ACCOUNT: Rung.EVIDENCE_UPLOAD,
    EvidenceKind.DOCUMENT: Rung.IDENTITY_AND_DOCUMENT,
    EvidenceKind.OWNER: Rung.IDENTITY_AND_DOCUMENT,
}


def new_nonce(order: Order, person: Person) -> str:
    """What a form carries: good for one upload of this person on this order, for a day."""
    return signing.dumps([str(order.pk), person.pk, secrets.token_hex(12)], salt=SALT)


def code_of(order: Order) -> str:
    """What is to be seen in a picture: it says that it was taken for this trade."""
    mark = fingerprint(str(order.pk), purpose="code in evidence")[:8].upper()
    return f"{mark[:4]}-{mark[4:]}"


@dataclass(frozen=True)
class Drawn:
    """A picture drawn anew, the digest of its pixels, and the nonce that brought it."""

    content: bytes
    form: str
    digest: str
    nonce: str


def draw(order: Order, *, actor: Person, picture: UploadedFile, nonce: str) -> Drawn:
    """Look at what was sent, before any transaction. Raises Invalid naming `picture` or `nonce`."""
    used = _read_nonce(order, actor, nonce)
    content, form, digest = _checked(picture)
    return Drawn(content, form, digest, used)


def hand_in(
    order: Order, *, actor: Person, picture: UploadedFile, kind: str, nonce: str, note: str = ""
) -> Evidence:
    """Keep a picture as evidence in a trade that goes on.

    Raises NotAllowed, WrongState, Invalid naming `picture` or `nonce`. Nothing is kept then.
    """
    drawn = draw(order, actor=actor, picture=picture, nonce=nonce)
    with transaction.atomic():
        order = locked(order)
        if actor.pk not in (order.buyer_id, order.seller_id):
            raise NotAllowed
        if order.status not in (S.PAID, S.TRANSFERRED, S.VERIFIED, S.DISPUTED):
            raise WrongState
        if of(order).filter(by=actor).count() >= MOST_EACH:
            raise Invalid("picture", f"You have handed in {MOST_EACH} pictures, which is the most.")
        evidence = _kept(drawn, order=order, by=actor, kind=kind, note=note)
        _show_by(order, kind)
        machine.remark(order, kind="evidence_handed_in", actor=actor)
        other = order.seller if actor.pk == order.buyer_id else order.buyer
        mark, by = str(evidence.pk), actor.public_name
        tell(order, other, "evidence_new", mark=mark, by=by, what=evidence.get_kind_display())
    return evidence


def attach(message: Message, drawn: Drawn) -> Evidence:
    """Keep a picture with the message that it came with. With the order locked.

    Raises Invalid naming `picture` or `nonce`.
    """
    mine = Evidence.objects.filter(order=message.order, by=message.by, message__isnull=False)
    if mine.count() >= MOST_EACH:
        text = f"You have sent {MOST_EACH} pictures on this order, which is the most."
        raise Invalid("picture", text)
    kind = EvidenceKind.MESSAGE
    return _kept(drawn, order=message.order, by=message.by, kind=kind, message=message)


def _read_nonce(order: Order, actor: Person, nonce: str) -> str:
    try:
        of, person, used = signing.loads(nonce, salt=SALT, max_age=NONCE_LIVES_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        raise Invalid("nonce", "This form is too old. Load the page again.") from None
    if (of, person) != (str(order.pk), actor.pk):
        raise Invalid("nonce", "This form belongs to another trade. Load the page again.")
    return str(used)


def _checked(picture: UploadedFile) -> tuple[bytes, str, str]:
    """The picture drawn anew, its form, and the digest of its pixels."""
    limit = settings.UPLOAD_LIMIT_BYTES
    if not picture.size or picture.size > limit:
        most = limit // 1024 // 1024
        raise Invalid("picture", f"Attach a picture of at most {most} MB that is not empty.")
    raw = picture.read()
    if raw.startswith(b"%PDF-"):
        raise Invalid("picture", "A PDF is not taken. Make a picture of the page and attach that.")
    content, form, pixels = re_encoded(raw, field="picture", most_pixels=MOST_PIXELS)
    if len(content) > MOST_BYTES:
        raise Invalid("picture", "This picture is too large. Cut it to what matters.")
    return content, form, hashlib.sha256(pixels).hexdigest()


def _kept(drawn: Drawn, **columns: object) -> Evidence:
    key_id, ciphertext = encrypt_bytes(drawn.content)
    try:
        with transaction.atomic():
            return Evidence.objects.create(
                nonce=drawn.nonce,
                digest=drawn.digest,
                content_type=f"image/{drawn.form}",
                size_bytes=len(drawn.content),
                key_id=key_id,
                ciphertext=ciphertext,
                **columns,
            )
    except IntegrityError as error:
        if "nonce" in str(error):
            raise Invalid("nonce", "This form was used. Load the page again.") from None
        # Where, or by whom, is nobody's business.
        raise Invalid(
            "picture", "This picture was sent before. It counts once, and in one trade only."
        ) from None


def _show_by(order: Order, kind: str) -> None:
    """The rung by which the arrival may now be shown, where the provider's ladder has it."""
    rung = RUNGS[EvidenceKind(kind)]
    is_weaker = order.rung == Rung.BUYER_CONFIRMATION and not order.verdict
    if is_weaker and rung in order.listing.provider.ladder:
        Order.objects.filter(pk=order.pk).update(rung=rung)


def of(order: Order) -> QuerySet[Evidence]:
    """All that was handed in to be compared, without the pictures themselves."""
    return (
        Evidence.objects.filter(order=order, message=None).select_related("by").defer("ciphertext")
    )


def picture_of(order: Order, evidence_id: int) -> tuple[Evidence, bytes] | None:
    """One picture of an order; None where there is none, or it was erased."""
    found = Evidence.objects.filter(order=order, pk=evidence_id, ciphertext__isnull=False).first()
    if found is None:
        return None
    assert found.ciphertext is not None
    return found, decrypt_bytes(found.key_id, bytes(found.ciphertext))
