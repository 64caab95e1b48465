"""A small PDF that stands for a provider's written consent."""

import textwrap

LINE_CHARACTERS = 78
TOP, LEFT, LEADING = 780, 60, 18


def consent_document(*, provider: str, seller: str, amount: str) -> bytes:
    """One page of text, with what a moderator looks for in a consent."""
    paragraphs = [
        "SPECIMEN FOR THE DEMO. Nobody wrote this letter.",
        f"{provider}: consent to a transfer of credit",
        f"We consent to the transfer of credit of up to {amount} from the account of {seller} to "
        "accounts of our customers, for a price that the parties agree on.",
        "The credit stays under our terms. We will carry out or allow each transfer within two "
        "working days of the account holder's request.",
        f"For {provider}, the billing team",
    ]
    lines = [line for text in paragraphs for line in [*textwrap.wrap(text, LINE_CHARACTERS), ""]]
    shown = "\n".join(f"({_escaped(line)}) Tj T*" for line in lines)
    page = f"BT /F1 11 Tf {LEADING} TL {LEFT} {TOP} Td\n{shown}\nET".encode("latin-1", "replace")
    return _pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        ]
    )


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _pdf(objects: list[bytes]) -> bytes:
    """The objects, numbered from 1, with the table of where each begins."""
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(out))
    )
