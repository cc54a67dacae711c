import pytest
import trustme

from collector.config.document import parse_document
from collector.config.mail import MailServer
from collector.config.secrets import (
    MAX_SIZE,
    Secret,
    SecretError,
    doubts,
    parse_secret,
    parse_text,
    refuse_plain,
    secrets_in,
)
from collector.config.validation import validate
from collector.config.values import BadValueError


def kept(tmp_path, content, mode=0o600):
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return f"${{file:{path}}}"


@pytest.mark.parametrize("content", [b"sesame", b"sesame\n", b"sesame\r\n"])
def test_a_secret_of_a_file_has_no_line_end(tmp_path, content):
    assert Secret(kept(tmp_path, content)).reveal() == "sesame"


def test_a_secret_is_looked_up_each_time(tmp_path):
    secret = Secret(kept(tmp_path, b"old"))
    assert secret.reveal() == "old"
    kept(tmp_path, "新しい".encode())

    assert secret.reveal() == "新しい"


def test_references_stand_within_text(tmp_path):
    secret = parse_text(f"Bearer {kept(tmp_path, b'a')}-${{env:B}}!")

    assert secret.reveal({"B": "b"}) == "Bearer a-b!"


def test_what_a_secret_holds_is_no_reference(tmp_path):
    assert Secret(kept(tmp_path, b"${env:B}")).reveal({"B": "b"}) == "${env:B}"


def test_a_credential_is_a_file_of_the_unit(tmp_path):
    (tmp_path / "smtp").write_text("sesame")

    assert Secret("${credential:smtp}").reveal({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "sesame"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${file:/absent/secret}", "the secret in /absent/secret cannot be read: No such file or directory"),
        ("${file:/etc}", "the secret in /etc cannot be read: Is a directory"),
        ("${credential:smtp}", 'there are no credentials, so not "smtp" either'),
        ("${env:SMTP}", "the variable SMTP is not set"),
    ],
)
def test_a_secret_that_is_not_there_is_told(text, message):
    with pytest.raises(SecretError) as caught:
        parse_secret(text).reveal({})

    assert str(caught.value) == message
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb", b"a\0b", b"\xff", b"x" * (MAX_SIZE + 1), b"a\x7f"])
def test_a_secret_is_one_line_of_text(tmp_path, content):
    with pytest.raises(SecretError) as caught:
        Secret(kept(tmp_path, content)).reveal()

    assert str(content) not in str(caught.value)


@pytest.mark.parametrize("value", ["sesame", "", 1234, None, True, ["sesame"], "$sesame", "{file:/x}"])
def test_a_secret_that_is_written_out_is_refused_and_not_shown(value):
    with pytest.raises(BadValueError) as caught:
        parse_secret(value)

    assert str(caught.value) == "a secret is not written into the configuration"
    assert "sesame" not in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${file:relative}", '"relative" is not what file can name'),
        ("${file:/}", '"/" is not what file can name'),
        ("${file:}", '"" is not what file can name'),
        ("${credential:../x}", '"../x" is not what credential can name'),
        ("${credential:..}", '".." is not what credential can name'),
        ("${env:A B}", '"A B" is not what env can name'),
        ("${vault:x}", 'secrets do not come from "vault"'),
        ("${file:/a", "a reference to a secret is not ended, or names no kind"),
        ("${HOME}", "a reference to a secret is not ended, or names no kind"),
        ("a\nb", "this holds a control character"),
    ],
)
def test_a_reference_that_is_wrong_is_told(text, message):
    with pytest.raises(BadValueError) as caught:
        parse_text(text)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "name", ["Authorization", "x-api-key", "PASSWORD", "db_passwd", "X-Auth", "token", "Cookie", "client-secret", "PWD"]
)
def test_what_is_named_like_a_secret_must_be_a_reference(name):
    with pytest.raises(BadValueError) as caught:
        refuse_plain({name: Secret("sesame")})

    assert caught.value.option == name
    refuse_plain({name: Secret("x ${env:A}")})


@pytest.mark.parametrize("name", ["content-type", "x-zone", "keyboard", "LANG", "accept"])
def test_what_is_not_may_be_text(name):
    refuse_plain({name: Secret("plain")})


def test_nothing_that_shows_a_secret_shows_more_than_its_reference(tmp_path):
    text = kept(tmp_path, b"sesame")
    server = MailServer.model_validate(
        {"server": "smtp.example.org", "from": "a@example.org", "user": "alerts", "password": text}
    )
    server.password.reveal()

    assert "sesame" not in repr(server) + str(server) + server.model_dump_json()
    assert server.model_dump_json().count(text) == 1
    assert [path for path, _ in secrets_in(server)] == [("password",)]


def test_what_is_not_there_is_a_doubt(tmp_path, monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    texts = ["${file:/absent}", "${env:ABSENT_X}", "${credential:x}", kept(tmp_path, b"x")]

    assert [len(list(doubts(Secret(text)))) for text in texts] == [1, 1, 1, 0]


def test_a_file_that_everybody_may_read_is_a_warning(tmp_path):
    text = kept(tmp_path, b"x", 0o644)

    [(message, hint)] = doubts(Secret(text))
    assert message.startswith("every user of this machine may read /")
    assert hint.startswith("chmod o-r /")


def mail(text):
    document, _ = parse_document(text, "collector.yaml")
    found, problems = validate(MailServer, document.data, document, ())
    return found, [(str(problem.location), problem.message) for problem in problems]


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("{server: smtp.example.org, from: a@b.org}", 587),
        ("{server: smtp.example.org, from: a@b.org, tls: tls}", 465),
        ("{server: localhost, from: root, tls: none}", 25),
        ('{server: "smtp.example.org:2525", from: a@b.org}', 2525),
        ('{server: "[::1]", from: a@b.org, tls: none}', 25),
        ('{server: "[::1]:26", from: a@b.org, tls: none}', 26),
    ],
)
def test_a_mail_server_has_the_port_of_its_way(text, port):
    found, problems = mail(text)

    assert problems == []
    assert found.port == port
    assert "[" not in found.server.host


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{server: h}", ("collector.yaml:1:1", 'missing key "from"')),
        ("{server: h, from: a b@c}", ("collector.yaml:1:19", '"a b@c" is not a mail address')),
        ("{server: h, from: 'Ops <a@c>'}", ("collector.yaml:1:19", '"Ops <a@c>" is not a mail address')),
        (
            "{server: h, from: a@c, password: sesame}",
            ("collector.yaml:1:34", "a secret is not written into the configuration"),
        ),
        ("{server: h, from: a@c, user: x}", ("collector.yaml:1:24", "a user without a password")),
        (
            "{server: h, from: a@c, tls: none, user: x, password: '${env:P}'}",
            ("collector.yaml:1:24", "the password would be sent so that everybody can read it"),
        ),
        ("{server: 'h:x', from: a@c}", ("collector.yaml:1:10", '"x" is not a port')),
        ("{server: 'a b', from: a@c}", ("collector.yaml:1:10", '"a b" is not a mail server')),
        ("{server: 25, from: a@c}", ("collector.yaml:1:10", "25 is not a mail server")),
        ("{server: ':25', from: a@c}", ("collector.yaml:1:10", '":25" is not a mail server')),
    ],
)
def test_what_is_wrong_with_a_mail_server_is_told(text, problem):
    assert mail(text)[1] == [problem]


def test_certificates_are_of_no_use_without_tls(tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")

    assert mail(f"{{server: h, from: a@c, tls: none, ca: {tmp_path}/ca.pem}}")[1] == [
        ("collector.yaml:1:35", "certificates are of no use without TLS")
    ]
    assert mail(f"{{server: h, from: a@c, ca: {tmp_path}/ca.pem}}")[1] == []
