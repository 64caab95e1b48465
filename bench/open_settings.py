"""The product without limits on signing in: a benchmark asks more often than people do."""

from marketplace.settings import *  # noqa: F403

ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
