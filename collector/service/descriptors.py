"""How many descriptors a worker may use: each connection takes one, and each file."""

import resource


def all_descriptors() -> int:
    """Have all that the system allows, not the shell's careful 1,024; returns how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
