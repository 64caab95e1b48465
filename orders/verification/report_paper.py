"""The verification report to print: the same content, with the signed document inside the PDF."""

import json
from typing import Any

from orders.models import Order
from orders.verification import report as reports
from payments.documents import Cents, Paper

VERDICTS = {
    "verified": "Verified",
    "refuted": "Not as agreed",
    "inconclusive": "Inconclusive",
    None: "Not yet",
}


def paper(order: Order) -> Paper:
    """The report as a paper. What is signed is the JSON document; the PDF carries it along."""
    signed = reports.signed(order)
    report, signature = signed["report"], signed["signature"]
    return Paper(
        title="Verification report",
        number=f"verification-{order.pk}",
        facts=[(name, str(value)) for name, value in _facts(report) if value],
        columns=("When", "Moment (UTC)", "What", "Left", "Compared"),
        rows=[*_readings(report), *_documents(report)],
        currency=order.currency,
        notes=[
            *(f"Compared {_short(one['at'])}: {one['reason']}" for one in report["compared"]),
            "Figures are in the provider's own unit, exactly as it gave them.",
            f"Signed with {signature['algorithm']}. Attached to this file is the signed document, "
            "verification.json; docs/verification.md says how to check it.",
            f"Public key: {signature['public_key']}",
            f"Signature: {signature['value']}",
        ],
        attached=[("verification.json", json.dumps(signed, ensure_ascii=False).encode())],
    )


def _facts(report: dict[str, Any]) -> list[tuple[str, Any]]:
    measured, currency = report["measured_cents"], report["currency"]
    return [
        ("Order", report["order"]),
        ("Site", report["site"]),
        ("Provider", report["provider"]),
        ("Verdict", VERDICTS[report["verdict"]]),
        ("Why", report["explanation"]),
        ("Agreed", f"{Cents(report['agreed_cents'])} {currency}"),
        ("Measured", "" if measured is None else f"{Cents(measured)} {currency}"),
        ("Shown by", report["rung_name"]),
        ("Figure compared", report["formula"] if report["readings"] else ""),
        ("Marked as sent", report["sent_at"]),
        ("Account", "Not the one that the order names" if report["other_account"] else ""),
        ("Key deleted", report["key_deleted_at"]),
    ]


def _readings(report: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            row["when"].capitalize(),
            _short(row["at"]),
            row["problem_in_words"] or "Read",
            row["remaining"] or "",
            row["counted"] or "",
        )
        for row in report["readings"]
    ]


def _documents(report: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        ("Handed in", _short(one["at"]), f"{one['kind_in_words']}, by the {one['by']}", "", "")
        for one in report["documents"]
    ]


def _short(moment: str) -> str:
    """To the second; the signed document has it whole."""
    return moment[:19].replace("T", " ")
