"""The words that catalogue files, tables and pages share."""

from django.db import models


class Category(models.TextChoices):
    """What a provider chiefly sells."""

    LLM = "llm", "Language models"
    MULTI = "multi", "Many models in one place"
    IMAGE = "image", "Images"
    VIDEO = "video", "Video"
    AUDIO = "audio", "Speech and audio"
    GPU = "gpu", "GPU time"
    CLOUD = "cloud", "Cloud platforms"
    SEARCH = "search", "Search and web data"


class ResalePolicy(models.TextChoices):
    """What is known of a provider's terms on passing credit on for money."""

    ALLOWED = "allowed", "Resale allowed"
    CONSENT_REQUIRED = "consent_required", "Consent required"
    UNKNOWN = "unknown", "Terms not clear"
    FORBIDDEN = "forbidden", "Resale forbidden"


class TransferMethod(models.TextChoices):
    """How credit goes from seller to buyer."""

    REDEEM_CODE = "redeem_code", "Redeem code"
    BALANCE_TRANSFER = "balance_transfer", "Balance transfer"
    ORG_TRANSFER = "org_transfer", "Organisation handed over"
    SEAT_INVITE = "seat_invite", "Seat invitation"
    ASSISTED = "assisted", "Moved by the provider"


class Rung(models.TextChoices):
    """How the arrival of credit is shown, strongest first."""

    API_BALANCE = "api_balance", "Balance read from the provider"
    API_GRANT_ROW = "api_grant_row", "New grant read from the provider"
    IDENTITY_AND_DOCUMENT = "identity_and_document", "Account check and document"
    EVIDENCE_UPLOAD = "evidence_upload", "Dated evidence"
    BUYER_CONFIRMATION = "buyer_confirmation", "The buyer's word"


# What a person compares; strongest first.
PAPER_RUNGS = (Rung.IDENTITY_AND_DOCUMENT, Rung.EVIDENCE_UPLOAD)


class Confidence(models.TextChoices):
    """How firmly the facts on a provider stand."""

    HIGH = "high", "Read in the provider's own documents"
    MEDIUM = "medium", "Partly read, partly from public code"
    LOW = "low", "Few sources found"
