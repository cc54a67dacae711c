"""What ``ps -o comm`` and ``top`` call this process: several of one program are hard to tell apart otherwise."""

_LONGEST = 15  # proc_pid_comm(5)


def call_this_process(name: str) -> None:
    """``correlator`` → ``coll:correlator``. Where it cannot be said, nothing depends on it."""
    try:
        with open("/proc/self/comm", "w", encoding="ascii") as file:
            file.write(f"coll:{name}"[:_LONGEST])
    except OSError:
        return
