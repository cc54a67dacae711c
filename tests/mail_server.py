"""A mail server on loopback: aiosmtpd, and one that does what no server should."""

import socket
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Post:
    """What a server does with mail: ``answers`` are by recipient, and under "DATA" for the mail as a whole."""

    def __init__(self):
        self.answers = {}
        self.mails = []
        self.logins = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - the library's name
        answer = self.answers.get(address)
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else None
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the library's name
        answer = self.answers.get("DATA")
        if answer:
            return answer
        self.mails.append((envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        return "250 taken"

    def login(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"sesame", handled=False)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def start(post, *, context=None, login=False):
    """With a context, STARTTLS is demanded; with ``login``, that too. Returns the running controller."""
    options = {"require_starttls": True, "tls_context": context} if context else {}
    if login:
        options |= {"auth_required": True, "authenticator": post.login, "auth_require_tls": context is not None}
    controller = Controller(post, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    return controller


class Talker:
    """A server that answers each connection as ``talk(connection)`` does, in a thread of its own."""

    def __init__(self, talk):
        self.connections = 0
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._stop.is_set():
                connection.close()
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection):
        with connection:
            connection.settimeout(0.05)
            try:
                self._talk(connection, self._stop)
            except OSError:
                return

    def close(self):
        if self._stop.is_set():
            return
        self._stop.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._listener.close()
        for thread in self._threads:
            thread.join()
