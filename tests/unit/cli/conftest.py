from cli_under_test import call, config, nothing_of_this_machine, stdin

__all__ = ["call", "config", "nothing_of_this_machine", "stdin"]
