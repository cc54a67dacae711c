"""Users and groups of this machine, by name."""

import grp
import pwd
from typing import Any

from collector.config.problems import quote
from collector.config.values import BadValueError


def parse_user(value: Any) -> int:
    """``"syslog"`` → its uid."""
    try:
        return pwd.getpwnam(value).pw_uid
    except (KeyError, TypeError) as error:
        raise BadValueError(f"{quote(value)} is no user of this machine", hint="`getent passwd` lists them") from error


def user_name(uid: int) -> str:
    """The name of a user; the number of one that has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """The name of a group; the number of one that has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def parse_group(value: Any) -> int:
    """``"adm"`` → its gid."""
    try:
        return grp.getgrnam(value).gr_gid
    except (KeyError, TypeError) as error:
        raise BadValueError(f"{quote(value)} is no group of this machine", hint="`getent group` lists them") from error
