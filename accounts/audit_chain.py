"""The chain of digests over the audit: what moderators did cannot be rewritten unnoticed."""

from accounts.chain import Chain
from accounts.models import AuditSeal

# An array keeps apart what belongs to different columns, whatever people wrote.
CHAIN = Chain(
    seals=AuditSeal,
    table="accounts_auditentry",
    leaf="""encode(sha256(convert_to(jsonb_build_array(id, extract(epoch FROM at), actor_id, act,
    subject, reason, details)::text, 'UTF8')), 'hex')""",
    rows="entries",
)
