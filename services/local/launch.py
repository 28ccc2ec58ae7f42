"""Starts a program so that it cannot outlive the one who asked. Standard library only; run by path, not imported.

    python -I -S launch.py [--signal N] [--nobody PATH]… PARENT_PID -- program argument…

On Linux the kernel sends signal N (9 when not given) to the program when its parent dies, kill −9 included.
``--nobody`` makes root step down to the user *nobody*, because PostgreSQL refuses to run as root; when that user could
not reach one of the PATHs (a checkout under /root, say) it keeps the one capability of passing closed folders. Nothing
on the disk is opened up for that.
"""

import ctypes
import os
import pwd
import signal
import stat
import struct
import sys

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
NO_SETUID_FIXUP = 1 << 2  # keeps capabilities over the change of user, and access(2) heeds them
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
NOBODY = "nobody"


def reachable(path: str) -> bool:
    """May everybody pass every folder on the way to *path*?"""
    while True:
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        parent = os.path.dirname(path)
        if parent == path:
            return True
        path = parent


def step_down(libc: ctypes.CDLL, paths: "list[str]") -> None:
    entry = pwd.getpwnam(NOBODY)
    passing = sys.platform == "linux" and not all(reachable(os.path.realpath(path)) for path in paths)
    if passing:
        libc.prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if passing:
        header = ctypes.create_string_buffer(struct.pack("Ii", CAPABILITY_VERSION_3, 0))
        only = 1 << CAP_DAC_OVERRIDE
        wanted = ctypes.create_string_buffer(struct.pack("6I", only, only, only, 0, 0, 0))
        libc.capset(header, wanted)
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def main(arguments: "list[str]") -> None:
    split = arguments.index("--")
    options, program = arguments[:split], arguments[split + 1 :]
    parent = int(options.pop())
    death = signal.SIGKILL
    paths: list[str] = []
    nobody = False
    while options:
        option, value = options.pop(0), options.pop(0)
        if option == "--signal":
            death = signal.Signals(int(value))
        elif option == "--nobody":
            nobody = True
            paths.append(value)
    libc = ctypes.CDLL(None, use_errno=True)
    if nobody and os.geteuid() == 0:
        step_down(libc, paths)
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked to be told
            sys.exit(1)
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
