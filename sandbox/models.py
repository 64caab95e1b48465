"""Everything that the sandbox remembers."""

from django.db import models


class Setting(models.Model):
    """A named value: the clock's offset, the webhook mode."""

    name = models.CharField(primary_key=True, max_length=40)
    value = models.JSONField()

    class Meta:
        app_label = "sandbox"


class Due(models.Model):
    """Work to be done at a moment of the sandbox's clock."""

    kind = models.CharField(max_length=40)
    target = models.CharField(max_length=80)
    at = models.FloatField(db_index=True)

    class Meta:
        app_label = "sandbox"


class Record(models.Model):
    """One Stripe object: `data` as the API shows it, `inner` what only the sandbox knows.

    The link columns repeat ids out of `data` so that lists can be filtered by them quickly.
    """

    n = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    account = models.CharField(max_length=40, blank=True)
    created = models.BigIntegerField()
    group = models.CharField(max_length=200, blank=True)
    charge = models.CharField(max_length=80, blank=True)
    intent = models.CharField(max_length=80, blank=True)
    parent = models.CharField(max_length=80, blank=True)
    data = models.JSONField()
    inner = models.JSONField(default=dict)

    class Meta:
        app_label = "sandbox"
        indexes = [
            models.Index(fields=["kind", "account", "n"], name="record_kind"),
            models.Index(fields=["kind", "group"], name="record_group"),
            models.Index(fields=["kind", "charge"], name="record_charge"),
            models.Index(fields=["kind", "intent"], name="record_intent"),
            models.Index(fields=["kind", "parent"], name="record_parent"),
        ]


class BalanceTransaction(models.Model):
    """One line of an account's balance; `account` is empty for the platform."""

    n = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=60, unique=True)
    account = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=40)
    category = models.CharField(max_length=40)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    net = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=80, db_index=True)
    created = models.BigIntegerField()
    available_at = models.FloatField()

    class Meta:
        app_label = "sandbox"
        indexes = [models.Index(fields=["account", "n"], name="balance_account")]


class Movement(models.Model):
    """Money that moved, counted apart from the objects that report it."""

    kind = models.CharField(max_length=20)
    group = models.CharField(max_length=200, blank=True, db_index=True)
    cents = models.BigIntegerField()
    reference = models.CharField(max_length=80)

    class Meta:
        app_label = "sandbox"


class IdempotencyKey(models.Model):
    """A key that was used: in flight while `status` is null, afterwards with its saved answer."""

    scope = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    path = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    created = models.FloatField(db_index=True)
    status = models.IntegerField(null=True)
    body = models.TextField(blank=True)

    class Meta:
        app_label = "sandbox"
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once")]


class Delivery(models.Model):
    """One webhook to be sent, `copies` times; `state` is queued, held, sent, failed or dropped."""

    event = models.CharField(max_length=80, db_index=True)
    kind = models.CharField(max_length=80)
    body = models.TextField()
    state = models.CharField(max_length=10, default="queued")
    reversed = models.BooleanField(default=False)
    copies = models.IntegerField(default=1)
    tries = models.IntegerField(default=0)
    next_at = models.FloatField()
    answer = models.CharField(max_length=200, blank=True)

    class Meta:
        app_label = "sandbox"
        indexes = [models.Index(fields=["state", "next_at"], name="delivery_due")]


class Fault(models.Model):
    """A failure to be made `left` more times; `provider` is empty for Stripe."""

    provider = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=20)
    method = models.CharField(max_length=10, blank=True)
    path = models.CharField(max_length=200, blank=True)
    left = models.IntegerField()

    class Meta:
        app_label = "sandbox"


class LoggedRequest(models.Model):
    """A request as received and its answer, secrets masked; `status` null when it was lost."""

    n = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    query = models.TextField(blank=True)
    headers = models.JSONField()
    body = models.TextField(blank=True)
    status = models.IntegerField(null=True)
    response = models.TextField(blank=True)

    class Meta:
        app_label = "sandbox"


class Grant(models.Model):
    """A sign-in at GitHub or Google: a one-time code, then an access token, for these claims."""

    code = models.CharField(max_length=80, unique=True)
    token = models.CharField(max_length=80, blank=True, db_index=True)
    issuer = models.CharField(max_length=10)
    client_id = models.CharField(max_length=200)
    redirect_uri = models.CharField(max_length=1000)
    challenge = models.CharField(max_length=200, blank=True)
    challenge_method = models.CharField(max_length=10, blank=True)
    nonce = models.CharField(max_length=200, blank=True)
    claims = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "sandbox"


class ProviderAccount(models.Model):
    """What a provider's balance API answers to one key, in the provider's own unit."""

    provider = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    figures = models.JSONField()
    earlier = models.JSONField()

    class Meta:
        app_label = "sandbox"
        constraints = [
            models.UniqueConstraint(fields=["provider", "key"], name="provider_key_once")
        ]
