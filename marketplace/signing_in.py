"""The settings of django-allauth: every way in, and what each asks for."""

from typing import Any

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
MFA_ADAPTER = "accounts.factors.FactorAdapter"
ACCOUNT_FORMS = {
    "add_email": "accounts.forms.AddEmailForm",
    "login": "accounts.forms.LoginForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "signup": "accounts.forms.SignupForm",
}
SOCIALACCOUNT_FORMS = {"signup": "accounts.forms.SocialSignupForm"}
MFA_FORMS = {
    "activate_totp": "accounts.factor_forms.ActivateForm",
    "add_webauthn": "accounts.factor_forms.AddPasskeyForm",
    "authenticate": "accounts.factor_forms.AuthenticateForm",
    "reauthenticate": "accounts.factor_forms.ReauthenticateForm",
}

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# How long somebody who has just shown who they are is not asked again.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 2
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
SOCIALACCOUNT_QUERY_EMAIL = True
SOCIALACCOUNT_ONLY = False

MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Surplus"
# A clock may be half a minute off; `accounts.factor_forms` sees to it that no code works twice.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True


def providers(
    github: tuple[str, str], google: tuple[str, str], sandbox_url: str
) -> dict[str, dict[str, Any]]:
    """GitHub and Google, each with client id and secret; at the sandbox where there is one."""
    found: dict[str, dict[str, Any]] = {
        "github": {
            "APPS": [{"client_id": github[0], "secret": github[1], "key": ""}],
            "SCOPE": ["user:email"],
            "OAUTH_PKCE_ENABLED": True,
        },
        "google": {
            "APPS": [{"client_id": google[0], "secret": google[1], "key": ""}],
            "SCOPE": ["openid", "profile", "email"],
            "OAUTH_PKCE_ENABLED": True,
        },
    }
    if sandbox_url:
        found["github"]["GITHUB_URL"] = f"{sandbox_url}/github"
        found["google"] |= {
            "AUTHORIZE_URL": f"{sandbox_url}/google/o/oauth2/v2/auth",
            "ACCESS_TOKEN_URL": f"{sandbox_url}/google/token",
            "IDENTITY_URL": f"{sandbox_url}/google/userinfo",
            "CERTS_URL": f"{sandbox_url}/google/certs",
            "ID_TOKEN_ISSUER": f"{sandbox_url}/google",
        }
    return found
