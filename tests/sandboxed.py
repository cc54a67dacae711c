"""
Runs a Python program under what a systemd unit prescribes, where systemd itself does not run:

    unshare --mount python sandboxed.py UNIT UID GID LOG_FOLDER python ARGUMENT …

User, capabilities, NoNewPrivileges; a file system that is read-only but for LOG_FOLDER, which stands in for /var/log,
and the folder it is started in; a /dev and /proc of its own; the filters of system calls (through libseccomp, which
systemd uses as well), address families, namespaces and executable memory. Ends with 77 when this machine cannot do it.
"""

import configparser
import ctypes
import os
import subprocess
import sys
from pathlib import Path

SKIP = 77

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR_RDONLY = 1
_SYS_MOUNT_SETATTR = 442
_PR_SET_MDWE = 65
_ALLOW = 0x7FFF0000  # seccomp.h of libseccomp
_ERRNO = 0x00050000
_EPERM, _ENOSYS = 1, 38
_EQ, _MASKED_EQ = 4, 7
_PROT_WRITE, _PROT_EXEC = 2, 4
_CLONE_NEW = 0x7E020000 | 0x80
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

libc = ctypes.CDLL(None, use_errno=True)


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp"""

    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def settings(unit):
    """Of the section [Service]; a setting that is written more than once has all its words."""

    class Adding(dict):
        def __setitem__(self, key, value):
            super().__setitem__(key, self[key] + value if isinstance(value, list) and key in self else value)

    parser = configparser.ConfigParser(
        strict=False, interpolation=None, dict_type=Adding, delimiters="=", comment_prefixes="#"
    )
    parser.optionxform = str
    parser.read(unit)
    return {name: value.split() for name, value in parser["Service"].items()}


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def set_read_only(path, *, read_only, recursive):
    attributes = (ctypes.c_uint64 * 4)(*([_MOUNT_ATTR_RDONLY, 0] if read_only else [0, _MOUNT_ATTR_RDONLY]), 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    if libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, path.encode(), flags, attributes, ctypes.sizeof(attributes)):
        raise OSError(ctypes.get_errno(), f"cannot change the mount {path}")


def mounts(log_folder):
    mount("--make-rprivate", "/")
    here = os.getcwd()
    mount("--bind", here, here)
    mount("--bind", log_folder, "/var/log")
    mount("-t", "tmpfs", "-o", "mode=755,nosuid,noexec", "tmpfs", "/mnt")
    for name in _DEVICES:
        Path("/mnt", name).touch()
        mount("--bind", f"/dev/{name}", f"/mnt/{name}")
    Path("/mnt/fd").symlink_to("/proc/self/fd")
    mount("--move", "/mnt", "/dev")
    mount("-t", "proc", "-o", "hidepid=invisible,nosuid,nodev,noexec", "proc", "/proc")
    set_read_only("/", read_only=True, recursive=True)
    for path in (here, "/var/log"):
        set_read_only(path, read_only=False, recursive=False)
    os.chdir(here)


def names(sets):
    """The system calls of sets such as @system-service, as systemd on this machine knows them."""
    found = set()
    for name in sets:
        if not name.startswith("@"):
            found.add(name)
            continue
        done = subprocess.run(
            ["systemd-analyze", "--no-pager", "syscall-filter", name], capture_output=True, text=True, check=True
        )
        lines = [line.strip() for line in done.stdout.splitlines()[1:]]
        found |= names([line for line in lines if line and not line.startswith("#")])
    return found


class Filter:
    """What is not allowed fails with EPERM."""

    def __init__(self):
        self._lib = ctypes.CDLL("libseccomp.so.2")
        self._lib.seccomp_init.restype = ctypes.c_void_p
        self._filter = ctypes.c_void_p(self._lib.seccomp_init(ctypes.c_uint32(_ERRNO | _EPERM)))

    def add(self, action, name, *compares):
        number = self._lib.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return  # not on this architecture
        array = (Compare * len(compares))(*compares)
        code = self._lib.seccomp_rule_add_array(self._filter, ctypes.c_uint32(action), number, len(compares), array)
        if code:
            raise OSError(-code, f"no filter for {name}")

    def load(self):
        if code := self._lib.seccomp_load(self._filter):
            raise OSError(-code, "the filter cannot be loaded")


def address_families(words):
    import socket

    return [int(getattr(socket, word)) for word in words]


def filters(unit, allowed):
    conditions = {
        "socket": [[Compare(0, _EQ, family)] for family in address_families(unit["RestrictAddressFamilies"])],
        "mmap": [[Compare(2, _MASKED_EQ, _PROT_EXEC, 0)], [Compare(2, _MASKED_EQ, _PROT_WRITE, 0)]],
        "mprotect": [[Compare(2, _MASKED_EQ, _PROT_EXEC, 0)]],
        "pkey_mprotect": [[Compare(2, _MASKED_EQ, _PROT_EXEC, 0)]],
        "clone": [[Compare(0, _MASKED_EQ, _CLONE_NEW, 0)]],
    }
    made = Filter()
    for name in sorted(allowed - {"clone3", "unshare", "setns", "sched_setscheduler"}):
        for compares in conditions.get(name, [[]]):
            made.add(_ALLOW, name, *compares)
    made.add(_ERRNO | _ENOSYS, "clone3")  # its flags are in memory, where no filter can look; libc takes clone then
    made.load()


def allowed_calls(unit):
    words = unit["SystemCallFilter"]
    refused = [word.removeprefix("~") for word in words[next(i for i, w in enumerate(words) if w.startswith("~")) :]]
    return names([word for word in words if word not in refused and not word.startswith("~")]) - names(refused)


def become(unit, uid, gid):
    """In a child of setpriv, which is started by the caller: the last step needs it all done."""
    capabilities = ",".join(
        ["-all", *(f"+{word.removeprefix('CAP_').lower()}" for word in unit["AmbientCapabilities"])]
    )
    return [
        "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs",
        f"--bounding-set={capabilities}", f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}",
    ]  # fmt: skip


def python():
    """That of this process may be one that only root can read."""
    return os.environ.get("SANDBOX_PYTHON", sys.executable)


def outer(unit_file, uid, gid, log_folder, command):
    unit = settings(unit_file)
    try:
        allowed = allowed_calls(unit)
        mounts(log_folder)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"sandboxed: {error}\n")
        sys.exit(SKIP)
    prefix = become(unit, uid, gid)
    inner = [python(), __file__, "--inner", unit_file, ",".join(sorted(allowed))]
    os.execvp(prefix[0], [*prefix, *inner, *command])


def inner(unit_file, allowed, command):
    unit = settings(unit_file)
    os.umask(int(unit["UMask"][0], 8))
    libc.prctl(_PR_SET_MDWE, 1, 0, 0, 0)  # since Linux 6.3
    filters(unit, set(allowed.split(",")))
    os.execvp(python(), [python(), *command[1:]])


if __name__ == "__main__":
    if sys.argv[1] == "--inner":
        inner(sys.argv[2], sys.argv[3], sys.argv[4:])
    outer(*sys.argv[1:5], sys.argv[5:])
