"""Connected accounts: v2 recipient accounts, and the v1 shape of the same accounts."""

import copy
from typing import Any

from sandbox import clock
from sandbox.models import Record
from sandbox.stripe import events, listing, records
from sandbox.stripe.calls import Answer, Call, endpoint
from sandbox.stripe.errors import StripeError

KIND = "v2.core.account"
PLATFORM_KEY = "acct_1SandboxPlatform0"
INCLUDABLE = ("configuration", "defaults", "future_requirements", "identity", "requirements")
WANTED = ("individual.name", "identity.country", "external_account")


@endpoint("POST", "/v2/core/accounts")
def create(call: Call) -> Answer:
    """A new account: restricted until its owner has been onboarded."""
    given = call.params
    now = clock.now()
    identity = given.get("identity", {})
    data = {
        "id": records.new_key("acct_1", 16),
        "object": KIND,
        "applied_configurations": sorted(given.get("configuration", {})),
        "closed": False,
        "configuration": {"customer": None, "merchant": None, "recipient": None},
        "contact_email": given.get("contact_email"),
        "contact_phone": given.get("contact_phone"),
        "created": clock.iso(now),
        "dashboard": given.get("dashboard", "none"),
        "defaults": {
            "currency": given.get("defaults", {}).get("currency", "usd"),
            "locales": given.get("defaults", {}).get("locales", []),
            "profile": given.get("defaults", {}).get("profile"),
            "responsibilities": {
                "fees_collector": "application",
                "losses_collector": "application",
                **given.get("defaults", {}).get("responsibilities", {}),
                "requirements_collector": "stripe",
            },
        },
        "display_name": given.get("display_name"),
        "future_requirements": None,
        "identity": {"country": None, "entity_type": None, "individual": None, **identity},
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "requirements": None,
    }
    record = records.create(KIND, data, inner={"bank": None, "restricted": False})
    _request_capabilities(record, given)
    refresh(record)
    return _shown(record, given.get("include", []))


@endpoint("GET", "/v2/core/accounts/{id}")
def retrieve(call: Call) -> Answer:
    """One account; its larger parts are null unless included."""
    return _shown(records.get(KIND, call.ids["id"]), call.params.get("include", []))


@endpoint("POST", "/v2/core/accounts/{id}")
def update(call: Call) -> Answer:
    """Changes what the platform told about an account."""
    record = records.get(KIND, call.ids["id"])
    given = call.params
    plain = ("contact_email", "contact_phone", "dashboard", "display_name")
    record.data |= {name: given[name] for name in plain if name in given}
    record.data["identity"] |= given.get("identity", {})
    record.data["metadata"] |= given.get("metadata") or {}
    configurations = {*record.data["applied_configurations"], *given.get("configuration", {})}
    record.data["applied_configurations"] = sorted(configurations)
    _request_capabilities(record, given)
    refresh(record)
    return _shown(record, given.get("include", []))


@endpoint("GET", "/v2/core/accounts")
def list_accounts(call: Call) -> Answer:
    """Accounts, newest first, with the address of the next page."""
    rows = Record.objects.filter(kind=KIND).order_by("-n")
    if "page" in call.params:
        rows = rows.filter(n__lt=int(call.params["page"]))
    limit = call.params.get("limit", 20)
    found = list(rows[: limit + 1])
    address = f"{call.url}?limit={limit}&page={found[limit - 1].n}" if len(found) > limit else None
    return {
        "data": [_shown(record, []) for record in found[:limit]],
        "next_page_url": address,
        "previous_page_url": None,
    }


@endpoint("GET", "/v1/accounts")
def list_v1(call: Call) -> Answer:
    """Connected accounts in v1 shape."""
    rows = Record.objects.filter(kind=KIND)
    return listing.page(call, rows, "account", v1_shape)


@endpoint("GET", "/v1/accounts/{account}")
def retrieve_v1(call: Call) -> Answer:
    """One connected account in v1 shape."""
    if call.ids["account"] == PLATFORM_KEY:
        return _platform()
    return v1_shape(records.get(KIND, call.ids["account"], param="account"))


@endpoint("GET", "/v1/account")
def own(call: Call) -> Answer:
    """The account that asks."""
    return v1_shape(records.get(KIND, call.account)) if call.account else _platform()


def can_receive(record: Record) -> bool:
    """Whether transfers may be sent to the account."""
    balance = _capabilities(record).get("stripe_balance", {})
    return bool(balance.get("stripe_transfers", {}).get("status") == "active")


def onboard(record: Record, *, country: str, name: str, bank: dict[str, Any]) -> None:
    """The owner filled in the hosted form: the account may be paid."""
    record.data["identity"] |= {"country": country, "entity_type": "individual"}
    record.data["identity"]["individual"] = {"given_name": name}
    record.data["display_name"] = record.data["display_name"] or name
    record.inner["bank"] = bank
    refresh(record)


def restrict(record: Record, restricted: bool) -> None:
    """Stripe restricts the account, or lets it go on."""
    record.inner["restricted"] = restricted
    refresh(record)


def refresh(record: Record) -> None:
    """Works out capabilities and requirements again, and tells of a change."""
    before = copy.deepcopy(_capabilities(record))
    active = record.inner["bank"] is not None and not record.inner["restricted"]
    code = "restricted_other" if record.inner["restricted"] else "requirements_past_due"
    details = [] if active else [{"code": code, "resolution": "provide_info"}]
    status = {"status": "active" if active else "restricted", "status_details": details}
    capabilities = _capabilities(record)
    if "stripe_balance" in capabilities:
        capabilities["stripe_balance"] = {"payouts": status, "stripe_transfers": status}
    record.data["requirements"] = _requirements(record, active)
    records.save(record)
    if before.get("stripe_balance") and before != capabilities:
        events.emit("account.updated", v1_shape(record), account=record.key, before={})
        kind = "v2.core.account[configuration.recipient].capability_status_updated"
        events.emit_thin(kind, record.key)
        events.emit_thin("v2.core.account[requirements].updated", record.key)


def v1_shape(record: Record) -> dict[str, Any]:
    """A v2 account as v1 endpoints show it."""
    data, active = record.data, can_receive(record)
    bank = record.inner["bank"]
    due = [] if active else list(WANTED)
    restricted = record.inner["restricted"]
    requirements = {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": None if active else "requirements.past_due",
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }
    return {
        "id": record.key,
        "object": "account",
        "business_profile": {"name": data["display_name"], "url": None},
        "business_type": data["identity"]["entity_type"],
        "capabilities": {"transfers": "active" if active else "inactive"},
        "charges_enabled": False,
        "controller": {
            "fees": {"payer": "application"},
            "is_controller": True,
            "losses": {"payments": data["defaults"]["responsibilities"]["losses_collector"]},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": data["dashboard"]},
            "type": "application",
        },
        "country": (data["identity"]["country"] or "US").upper(),
        "created": record.created,
        "default_currency": data["defaults"]["currency"],
        "details_submitted": bank is not None,
        "email": data["contact_email"],
        "external_accounts": {
            "object": "list",
            "data": [bank] if bank else [],
            "has_more": False,
            "total_count": 1 if bank else 0,
            "url": f"/v1/accounts/{record.key}/external_accounts",
        },
        "future_requirements": requirements | {"disabled_reason": None, "past_due": []},
        "metadata": data["metadata"],
        "payouts_enabled": active and not restricted,
        "requirements": requirements,
        "type": "express" if data["dashboard"] == "express" else "none",
    }


def _platform() -> dict[str, Any]:
    return {
        "id": PLATFORM_KEY,
        "object": "account",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "platform@example.com",
        "payouts_enabled": True,
        "type": "standard",
    }


def _capabilities(record: Record) -> dict[str, Any]:
    recipient = record.data["configuration"]["recipient"] or {}
    capabilities: dict[str, Any] = recipient.get("capabilities", {})
    return capabilities


def _request_capabilities(record: Record, given: dict[str, Any]) -> None:
    wanted = given.get("configuration", {}).get("recipient")
    if wanted is None:
        return
    if not record.data["configuration"]["recipient"]:
        record.data["configuration"]["recipient"] = {"applied": True, "capabilities": {}}
    asked = wanted.get("capabilities", {}).get("stripe_balance", {}).get("stripe_transfers", {})
    if asked.get("requested"):
        if record.data["dashboard"] not in ("express", "none", "full"):
            raise StripeError("This dashboard cannot receive transfers.", param="dashboard")
        _capabilities(record).setdefault("stripe_balance", {})


def _requirements(record: Record, active: bool) -> dict[str, Any]:
    if active or not record.data["configuration"]["recipient"]:
        return {"entries": [], "summary": None}
    status = "past_due" if record.inner["restricted"] else "currently_due"
    restricts = {
        "capability": "stripe_balance.stripe_transfers",
        "configuration": "recipient",
        "deadline": {"status": status},
    }
    entries = [
        {
            "awaiting_action_from": "user",
            "description": description,
            "errors": [],
            "impact": {"restricts_capabilities": [restricts]},
            "minimum_deadline": {"status": status},
            "reference": None,
            "requested_reasons": [{"code": "routine_onboarding"}],
        }
        for description in WANTED
    ]
    return {"entries": entries, "summary": {"minimum_deadline": {"status": status, "time": None}}}


def _shown(record: Record, include: list[str]) -> dict[str, Any]:
    data = dict(record.data)
    wanted = {name.split(".")[0] for name in include}
    for name in INCLUDABLE:
        if name not in wanted:
            data[name] = None
    if data["configuration"]:
        parts = {name.split(".")[1] for name in include if name.startswith("configuration.")}
        configuration = data["configuration"]
        data["configuration"] = {
            name: part if name in parts else None for name, part in configuration.items()
        }
    return data
