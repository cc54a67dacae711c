"""What this program raises. The content of a message never raises; configuration and the system do."""


class CollectorError(Exception):
    """
    Something a person has to mend, said in one sentence.

    ``str(error)`` is the sentence; ``hint`` the cure, where one is known.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
