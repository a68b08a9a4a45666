"""The command of the AWS CLI that signs a person in to a profile.

Source: AWS CLI Command Reference, "sso login" and "login", with what they say of remote hosts.
"""

from __future__ import annotations

import os
from typing import Any

from botocore.session import Session


def sign_in_command(session: Session) -> tuple[str, ...]:
    """The command and its arguments; empty where the profile is signed in to by none.

    Of a profile that assumes a role with those of another, it is that one's.
    """
    profiles: Any = session.full_config.get("profiles", {})
    name = str(session.get_config_variable("profile") or "default")
    seen: set[str] = set()
    while name in profiles and name not in seen:
        seen.add(name)
        profile: Any = profiles[name]
        if profile.get("sso_session") or profile.get("sso_start_url"):
            return ("aws", "sso", "login", "--profile", name, *_from_afar("--use-device-code"))
        if profile.get("login_session"):
            return ("aws", "login", "--profile", name, *_from_afar("--remote"))
        name = str(profile.get("source_profile") or "") if profile.get("role_arn") else ""
    return ()


def _from_afar(flag: str) -> tuple[str, ...]:
    """The flag for a host whose browser, if it has one, nobody sees."""
    return (flag,) if os.environ.get("SSH_CONNECTION") else ()
