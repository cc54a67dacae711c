import os
import ssl
from contextlib import ExitStack, closing

import pytest
import trustme
from http_server import Site
from mail_server import Post, Talker, start
from observing import open_descriptors, until


@pytest.fixture(autouse=True)
def _no_descriptor_is_left_open():
    before = open_descriptors()
    yield
    until(lambda: open_descriptors() - before == set())


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def tls(authority):
    """A context for a server that calls itself localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def post_office():
    """Makes mail servers; what they take is in ``mails``."""
    with ExitStack() as servers:

        def make(**options):
            post = Post()
            controller = start(post, **options)
            servers.callback(controller.stop)
            post.port = controller.port
            return post

        yield make


@pytest.fixture
def talker():
    with ExitStack() as servers:
        yield lambda talk: servers.enter_context(closing(Talker(talk)))


@pytest.fixture
def site():
    with ExitStack() as servers:
        yield lambda *answers, **options: servers.enter_context(closing(Site(*answers, **options)))


@pytest.fixture
def secret(tmp_path):
    """Writes a secret into a file; returns the reference to it."""

    def make(text, name="secret"):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o600)
        return f"${{file:{path}}}"

    return make
