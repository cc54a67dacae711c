import json
import socket
import struct
import threading
import time
from email.utils import formatdate

import pytest
from alerting import action, message, read, with_message

from collector.actions import DeliveryError
from collector.actions.webhook import wait_of


def hook(port, **options):
    return json.dumps({"webhook": f"http://localhost:{port}/hook", **options})


def send(text, **changes):
    action(text).deliver(message(**changes), None)


def failed(text, **changes):
    with pytest.raises(DeliveryError) as caught:
        send(text, **changes)
    return caught.value


def test_the_alert_is_sent_as_json(site):
    one = site()
    send(hook(one.port))

    [(method, path, headers, content)] = one.requests
    assert (method, path, headers["content-type"]) == ("POST", "/hook", "application/json")
    assert (headers["x-alert-id"], headers["idempotency-key"]) == ("6f1c2d", "6f1c2d")
    assert json.loads(content) == message().alert


def test_a_body_of_json_is_filled_text_by_text(site):
    one = site()
    body = {"text": "{{ title }}", "list": ["{{ user }}", 1, None, {"host": "{{ hostname }}"}], "n": 5, "yes": True}
    send(hook(one.port, body=body, method="PUT"))

    method, _, _, content = one.requests[0]
    assert method == "PUT"
    assert json.loads(content) == {
        "text": "192.0.2.7 tried 5 users", "list": ["root", 1, None, {"host": "gate"}], "n": 5, "yes": True,
    }  # fmt: skip


@pytest.mark.parametrize("text", ['a", "admin": true, "b": "', "a\nb\\", "{{ x }}", "\0\ud800", "監" * 300_000])
def test_no_message_ends_a_text_of_a_json_body(site, text):
    one = site()
    action(hook(one.port, body={"text": "{{ user }}"})).deliver(with_message(text), None)

    [(_, _, _, content)] = one.requests
    assert list(json.loads(content)) == ["text"]
    assert json.loads(content)["text"][:9] == text[:9].replace("\ud800", "\ufffd")


def test_a_body_of_text_is_plain_text(site):
    one = site()
    send(hook(one.port, body="{{ title }}: 監査\n"))

    _, _, headers, content = one.requests[0]
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert content.decode() == "192.0.2.7 tried 5 users: 監査\n"


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("https://chat.example.org/hook?x=1", "webhook chat.example.org:443"),
        ("http://chat.example.org", "webhook chat.example.org:80"),
        ("https://u:${env:WORD}@Chat.example.org:8443/${env:WORD}", "webhook chat.example.org:8443"),
        ("http://[2001:db8::7]:9000/", "webhook [2001:db8::7]:9000"),
        ("${env:WORD}", "webhook"),
        ("https://${env:WORD}.example.org/", "webhook"),
    ],
)
def test_it_is_called_by_host_and_port_and_by_nothing_that_may_be_secret(address, label):
    found, _ = read(json.dumps({"webhook": address}))
    assert found.options.label == label


def test_headers_and_address_may_hold_secrets(site, secret):
    one = site()
    headers = {"Authorization": f"Bearer {secret('sesame')}", "x-zone": "inside"}
    address = f"http://localhost:{one.port}/{secret('path-word', 'other')}"
    send(json.dumps({"webhook": address, "headers": headers}))

    _, path, sent, _ = one.requests[0]
    assert path == "/path-word"
    assert (sent["authorization"], sent["x-zone"]) == ("Bearer sesame", "inside")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 599])
def test_what_may_pass_is_tried_again(site, status):
    one = site((status, {}), body=b"busy")
    error = failed(hook(one.port))

    assert (error.reason, error.again, error.after) == (f"http_{status}", True, None)
    assert str(error).startswith(f"webhook localhost:{one.port} answers {status}")
    assert str(error).endswith(": busy")


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 413])
def test_every_other_answer_is_final(site, status):
    one = site((status, {"Location": "http://localhost:1/elsewhere"}))
    error = failed(hook(one.port))

    assert (error.reason, error.again) == (f"http_{status}", False)
    assert len(one.requests) == 1


def test_retry_after_is_honoured(site):
    assert failed(hook(site((429, {"Retry-After": "120"})).port)).after == 120


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0), ("90", 90), (formatdate(1_000_060), 60), (formatdate(999_000), 0), ("soon", None), ("-5", None),
        ("9" * 30, 86_400), ("", None), (None, None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value, expected):
    assert wait_of(value, 1_000_000.0) == expected


def test_a_site_that_does_not_answer_is_left_in_time(site):
    wait = threading.Event()
    one = site(wait=wait)
    error = failed(hook(one.port, timeout="200ms"))
    wait.set()

    assert (error.reason, error.again) == ("timeout", True)
    assert str(error) == f"webhook localhost:{one.port} did not answer within 200ms"


def test_a_site_that_drips_is_left_in_time(talker):
    def drip(connection, stop):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not stop.wait(0.02):
            connection.sendall(b"x")

    started = time.monotonic()
    assert failed(hook(talker(drip).port, timeout="300ms")).reason == "timeout"
    assert time.monotonic() - started < 3


def test_a_connection_that_is_reset_is_tried_again(talker):
    def reset(connection, _stop):
        connection.recv(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    error = failed(hook(talker(reset).port))
    assert (error.reason, error.again) == ("connection", True)


def test_only_what_cannot_be_reached_at_all_would_go_wrong_for_any_alert(site, talker):
    def reset(connection, _stop):
        connection.recv(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        nobody = failed(hook(sock.getsockname()[1]))

    assert nobody.reach == "all"
    assert str(nobody).endswith("cannot be reached: Connection refused")
    assert failed(hook(talker(reset).port)).reach == "alert"
    assert failed(hook(site((500, {})).port)).reach == "alert"


def test_an_answer_that_is_no_http_is_tried_again(talker):
    error = failed(hook(talker(lambda connection, _stop: connection.sendall(b"SSH-2.0-x\r\n")).port))

    assert (error.reason, error.again) == ("connection", True)


def test_nobody_there_is_tried_again():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        error = failed(hook(sock.getsockname()[1]))

    assert (error.reason, error.again) == ("connection", True)


def test_an_endless_answer_is_not_read(talker):
    def flood(connection, stop):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 500 Oh\r\n\r\n")
        while not stop.is_set():
            connection.sendall(b"x" * 65536)

    error = failed(hook(talker(flood).port))
    assert error.reason == "http_500"
    assert len(str(error)) < 300


def test_a_status_counts_though_the_rest_of_the_answer_never_comes(talker):
    def stop_short(connection, stop):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 100\r\n\r\nhalf")
        stop.wait(10)

    error = failed(hook(talker(stop_short).port, timeout="300ms"))
    assert (error.reason, error.again) == ("http_404", False)


def test_https_is_verified(site, tls, ca_file):
    one = site(context=tls)
    address = f"https://localhost:{one.port}/"
    error = failed(json.dumps({"webhook": address}))
    send(json.dumps({"webhook": address, "ca": ca_file}))

    assert (error.reason, error.again) == ("connection", True)
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert len(one.requests) == 1


def test_a_certificate_for_another_name_is_not_accepted(site, tls, ca_file):
    one = site(context=tls)

    assert "mismatch" in str(failed(json.dumps({"webhook": f"https://127.0.0.1:{one.port}/", "ca": ca_file})))


def test_it_goes_through_a_proxy_that_is_named(site):
    proxy = site()
    send(json.dumps({"webhook": "http://chat.example.org/hook", "proxy": f"http://localhost:{proxy.port}"}))

    assert proxy.requests[0][1] == "http://chat.example.org/hook"


def test_it_goes_through_the_proxy_of_the_environment_but_where_that_says_no(site, monkeypatch):
    proxy, direct = site(), site()
    monkeypatch.setenv("http_proxy", f"http://localhost:{proxy.port}")
    monkeypatch.setenv("no_proxy", "localhost")
    send(json.dumps({"webhook": "http://chat.example.org/hook"}))
    send(hook(direct.port))

    assert (len(proxy.requests), len(direct.requests)) == (1, 1)


def test_a_proxy_may_be_named_without_its_scheme(site, monkeypatch):
    proxy = site()
    monkeypatch.setenv("http_proxy", f"localhost:{proxy.port}")
    send(json.dumps({"webhook": "http://chat.example.org/hook"}))

    assert proxy.requests[0][1] == "http://chat.example.org/hook"


@pytest.mark.parametrize("proxy", ["socks5://user:sesame@localhost:1", "ftp://user:sesame@localhost:1"])
def test_a_proxy_that_cannot_be_used_is_told_and_tried_again(monkeypatch, proxy):
    monkeypatch.setenv("http_proxy", proxy)
    error = failed(json.dumps({"webhook": "http://chat.example.org/hook"}))

    assert (error.reason, error.again, error.reach) == ("proxy", True, "all")
    assert "sesame" not in str(error)


def test_no_proxy_at_all_can_be_asked_for(site, monkeypatch):
    direct = site()
    monkeypatch.setenv("http_proxy", "http://localhost:1")
    send(hook(direct.port, proxy="none"))

    assert len(direct.requests) == 1


def test_a_proxy_that_lets_nobody_through_is_tried_again(site):
    error = failed(json.dumps({"webhook": "https://chat.example.org/", "proxy": f"http://localhost:{site().port}"}))

    assert (error.reason, error.again) == ("connection", True)
    assert "proxy" in str(error)


def test_no_secret_is_in_what_is_said_of_a_failure(site, secret):
    one = site((500, {}))
    word = secret("sesame\n")
    texts = [
        {"webhook": f"http://localhost:{one.port}/{word}"},
        {"webhook": f"http://u:{word}@localhost:1/"},
        {"webhook": f"http://localhost:{one.port}/", "headers": {"authorization": word}},
        {"webhook": f"http://localhost:{one.port}/", "proxy": f"http://u:{word}@localhost:1/"},
        {"webhook": f"http://{word}.invalid/"},
    ]

    assert [text for text in texts if "sesame" in str(failed(json.dumps(text)))] == []


def test_a_secret_that_is_no_address_is_not_shown(secret):
    errors = [failed(json.dumps({"webhook": secret(text)})) for text in ("sesame", "http://sesame:x/", "sesame://x")]

    assert [error.reason for error in errors] == ["request"] * 3
    assert [error for error in errors if "sesame" in str(error)] == []


def test_the_whole_address_may_be_a_secret(site, secret):
    one = site()
    send(json.dumps({"webhook": secret(f"http://localhost:{one.port}/T0/B0/word\n")}))

    assert one.requests[0][1] == "/T0/B0/word"


def wrong(**options):
    _, problems = read(json.dumps(options, indent=1))
    return [problem.message for problem in problems]


PLAIN = ["a secret is not written into the configuration"]


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        ({"webhook": "chat.example.org"}, ["this is not such an address"]),
        ({"webhook": "ftp://chat.example.org/"}, ["this is not such an address"]),
        ({"webhook": "https://chat.example.org/{{ user }}"}, ["an address is the same for every alert"]),
        ({"webhook": "https://u:sesame@chat.example.org/"}, PLAIN),
        ({"webhook": "https://chat.example.org/?token=sesame"}, PLAIN),
        ({"webhook": "https://a.example/", "headers": {"Authorization": "Bearer sesame"}}, PLAIN),
        ({"webhook": "https://a.example/", "headers": {"X-Api-Key": "sesame"}}, PLAIN),
        ({"webhook": "https://a.example/", "headers": {"x": "{{ user }}"}}, ["a header is the same for every alert"]),
        ({"webhook": "https://a.example/", "headers": {"a b": "c"}}, ['"a b" is no name of a header']),
        ({"webhook": "https://a.example/", "headers": {"Host": "c"}}, ["the header Host is not to be chosen"]),
        ({"webhook": "https://a.example/", "headers": {"x": "a\nb"}}, ["this holds a control character"]),
        (
            {"webhook": "https://a.example/", "body": "{}", "headers": {"content-type": "application/json"}},
            ["a body of JSON is not written as text"],
        ),
        ({"webhook": "https://a.example/", "body": {"a": ["{{ usr }}"]}}, ['unknown variable "usr"']),
        ({"webhook": "https://a.example/", "proxy": "socks5://p:1"}, ["this is not such an address"]),
        (
            {"webhook": "https://a.example/", "ca": "/absent"},
            ['"/absent" cannot be read: No such file or directory'],
        ),
        ({"webhook": "https://a.example/", "ca": "/etc/hostname"}, ['no certificate is in "/etc/hostname"']),
    ],
)
def test_what_is_wrong_is_told_and_no_secret_shown(options, messages):
    assert wrong(**options) == messages


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr("collector.actions.webhook_options.find_spec", lambda _name: None)
    _, [problem] = read("webhook: https://chat.example.org/")

    assert str(problem) == (
        "collector.yaml:1:10: error: webhooks need the package httpx2, which is not installed [missing-package]\n"
        '    hint: pip install "syslog-collector[http]"'
    )
