import email
import email.policy
import socket

import pytest
from alerting import action, message

from collector.actions import DeliveryError

OPS = "mail: [ops@example.org]"


def server(port, **options):
    return {"server": f"localhost:{port}", "from": "collector@example.org", "tls": "none", **options}


def send(text, mail, left=None, **changes):
    action(text, mail=mail).deliver(message(**changes), left)


def refused(text, mail, left=None, **changes):
    with pytest.raises(DeliveryError) as caught:
        send(text, mail, left, **changes)
    return caught.value


def parsed(post, number=0):
    return email.message_from_bytes(post.mails[number][2], policy=email.policy.default)


def test_an_alert_is_one_mail_to_all_recipients(post_office):
    post = post_office()
    send("mail: [ops@example.org, night@example.org]", server(post.port))

    [(sender, recipients, _)] = post.mails
    assert (sender, recipients) == ("collector@example.org", ("ops@example.org", "night@example.org"))
    mail = parsed(post)
    assert mail["Subject"] == "[high] 192.0.2.7 tried 5 users"
    assert mail["To"] == "ops@example.org, night@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Alert-Id"] == "6f1c2d"
    assert mail["Date"].datetime.timestamp() == 1_784_789_672
    assert "Five names in a minute." in mail.get_content()
    assert "gate sshd[411]: Failed password for root from 192.0.2.7" in mail.get_content()


def test_subject_body_and_sender_can_be_chosen(post_office):
    post = post_office()
    text = "{mail: root, from: night@example.org, subject: '{{ user }} at {{ hostname }}', body: '{{ EventID }}'}"
    send(text, server(post.port))

    mail = parsed(post)
    assert (mail["From"], mail["Subject"]) == ("night@example.org", "root at gate")
    assert mail.get_content().split() == ["861"]


def test_the_message_id_is_the_same_at_every_try_and_another_for_each_alert(post_office):
    post = post_office()
    for number in ("a", "a", "b"):
        send(OPS, server(post.port), id=number)

    first, again, other = (parsed(post, number)["Message-ID"] for number in range(3))
    assert first == again
    assert first != other


def test_it_is_encrypted_after_starttls_and_logs_in(post_office, tls, ca_file, secret):
    post = post_office(context=tls, login=True)
    login = {"tls": "starttls", "ca": ca_file, "user": "alerts", "password": secret("sesame\n")}
    send(OPS, server(post.port, **login))

    assert post.logins == [("alerts", "sesame")]
    assert len(post.mails) == 1


def test_a_login_that_is_refused_is_tried_again_without_showing_the_password(post_office, tls, ca_file, secret):
    post = post_office(context=tls, login=True)
    login = {"tls": "starttls", "ca": ca_file, "user": "alerts", "password": secret("wrong-word")}
    error = refused(OPS, server(post.port, **login))

    assert (error.reason, error.again) == ("login", True)
    assert "wrong-word" not in str(error)


def test_a_password_may_hold_any_character(post_office, tls, ca_file, secret):
    post = post_office(context=tls, login=True)
    login = {"tls": "starttls", "ca": ca_file, "user": "alerts", "password": secret("開けゴマ")}
    refused(OPS, server(post.port, **login))

    assert post.logins == [("alerts", "開けゴマ")]


def test_a_password_that_was_changed_counts_at_once(post_office, tls, ca_file, secret):
    post = post_office(context=tls, login=True)
    login = {"tls": "starttls", "ca": ca_file, "user": "alerts", "password": secret("old")}
    one = action(OPS, mail=server(post.port, **login))
    with pytest.raises(DeliveryError):
        one.deliver(message(), None)
    secret("sesame")
    one.deliver(message(), None)

    assert len(post.mails) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(post_office, tls):
    post = post_office(context=tls)
    error = refused(OPS, server(post.port, tls="starttls"))

    assert (error.reason, error.again, post.mails) == ("tls", True, [])
    assert "certificate" in str(error)


def test_tls_from_the_first_byte_on(talker, tls, ca_file):
    seen = []

    def talk(connection, _stop):
        connection.settimeout(5)
        with tls.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.sendall(b"220 hello\r\n")
            seen.append(wrapped.recv(100))
            wrapped.sendall(b"421 not today\r\n")

    error = refused(OPS, server(talker(talk).port, tls="tls", ca=ca_file))

    assert seen[0].startswith(b"ehlo ")
    assert error.again


def test_what_is_refused_for_good_is_not_tried_again(post_office):
    post = post_office()
    post.answers["DATA"] = "554 no thanks"
    error = refused(OPS, server(post.port))

    assert (error.reason, error.again) == ("refused", False)
    assert "554 no thanks" in str(error)


def test_what_is_refused_for_now_is_tried_again(post_office):
    post = post_office()
    post.answers["DATA"] = "451 later"

    assert refused(OPS, server(post.port)).again


def test_who_was_not_taken_for_now_gets_it_later_and_the_others_not_twice(post_office):
    post = post_office()
    post.answers |= {"night@example.org": ["450 grey", None], "gone@example.org": "550 no such user"}
    text = "mail: [ops@example.org, night@example.org, gone@example.org]"
    first = refused(text, server(post.port))
    assert (first.again, first.reach) == (True, "part")
    last = refused(text, server(post.port), first.left)

    assert [recipients for _, recipients, _ in post.mails] == [("ops@example.org",), ("night@example.org",)]
    assert (last.reason, last.again) == ("recipient", False)
    assert "gone@example.org: 550 no such user" in str(last)


def test_when_nobody_is_taken_for_now_the_alerts_behind_it_wait(post_office):
    post = post_office()
    post.answers["ops@example.org"] = "450 grey"

    error = refused(OPS, server(post.port))
    assert (error.again, error.reach) == (True, "alert")


def recipients_refused(talker, *answers):
    """What is made of these answers to the recipients a, b and c, behind the last of which the server hangs up."""

    def talk(connection, _stop):
        connection.settimeout(5)
        connection.sendall(b"220 hello\r\n")
        for answer in (b"250 hello", b"250 from", *answers):
            connection.recv(1000)
            connection.sendall(answer + b"\r\n")

    return refused("mail: [a@example.org, b@example.org, c@example.org]", server(talker(talk).port))


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        ((b"421 closing",), "abc"),
        ((b"250 ok", b"421 closing"), "abc"),
        ((b"550 no", b"421 closing"), "bc"),
        ((b"450 grey", b"550 no", b"421 closing"), "ac"),
        ((b"250 ok", b"250 ok", b"421 closing"), "abc"),
    ],
)
def test_when_a_server_closes_between_recipients_nobody_has_the_mail(talker, answers, left):
    error = recipients_refused(talker, *answers)

    assert sorted(name[0] for name in error.left.recipients) == list(left)
    assert len(error.left.refused) == answers.count(b"550 no")
    assert (error.again, error.reach) == (True, "alert")
    assert "is not taken for now: 4" in str(error)


def test_what_goes_wrong_before_the_mail_is_offered_would_go_wrong_for_any(post_office, talker, tls):
    hangs_up = talker(lambda connection, _stop: connection.sendall(b"220 hello\r\n"))
    busy = talker(lambda connection, _stop: connection.sendall(b"421 not today\r\n"))
    untrusted = {"port": post_office(context=tls).port, "tls": "starttls"}
    errors = [refused(OPS, server(**one)) for one in ({"port": hangs_up.port}, {"port": busy.port}, untrusted)]

    assert [error.reach for error in errors] == ["all"] * 3


def test_what_goes_wrong_with_the_mail_itself_may_be_about_this_one(post_office):
    post = post_office()
    post.answers["DATA"] = "451 I choke on this"

    assert refused(OPS, server(post.port)).reach == "alert"


def test_a_server_that_says_nothing_is_left_in_time(talker):
    silent = talker(lambda _connection, stop: stop.wait(10))
    error = refused("{mail: root, timeout: 200ms}", server(silent.port))

    assert (error.reason, error.again) == ("timeout", True)


def test_a_server_that_says_a_byte_now_and_then_is_left_in_time(talker):
    def drip(connection, stop):
        while not stop.wait(0.02):
            connection.sendall(b"2")

    assert refused("{mail: root, timeout: 300ms}", server(talker(drip).port)).reason == "timeout"


def test_a_server_that_drips_within_tls_is_left_in_time(talker, ca_file):
    def drip(connection, stop):
        connection.sendall(b"\x16")
        while not stop.wait(0.02):
            connection.sendall(b"\x03")

    text = "{mail: root, timeout: 300ms}"
    assert refused(text, server(talker(drip).port, tls="tls", ca=ca_file)).again


def test_a_server_that_hangs_up_is_tried_again(talker):
    rude = talker(lambda connection, _stop: connection.sendall(b"220 hello\r\n"))
    error = refused(OPS, server(rude.port))

    assert (error.reason, error.again) == ("connection", True)


def test_a_mail_that_the_server_has_taken_is_delivered_whatever_comes_after(talker):
    def talk(connection, _stop):
        connection.settimeout(5)
        connection.sendall(b"220 hello\r\n")
        for answer in (b"250 hello", b"250 from", b"250 to", b"354 go on"):
            connection.recv(1000)
            connection.sendall(answer + b"\r\n")
        while not connection.recv(65536).endswith(b"\r\n.\r\n"):
            pass
        connection.sendall(b"250 taken\r\n")

    send(OPS, server(talker(talk).port))


def test_a_server_that_is_not_there_is_tried_again():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        error = refused(OPS, server(sock.getsockname()[1]))

    assert (error.reason, error.again) == ("connection", True)
    assert "refused" in str(error)


def test_a_secret_that_cannot_be_read_is_tried_again(post_office, tls, ca_file, secret, tmp_path):
    post = post_office(context=tls, login=True)
    one = action(OPS, mail=server(post.port, tls="starttls", ca=ca_file, user="a", password=secret("x")))
    (tmp_path / "secret").unlink()
    with pytest.raises(DeliveryError) as caught:
        one.deliver(message(), None)

    assert (caught.value.reason, caught.value.again) == ("secret", True)


def test_an_alert_whose_template_fails_is_sent_all_the_same(post_office):
    post = post_office()
    send("{mail: root, subject: '{{ key + title }}'}", server(post.port))

    assert parsed(post)["Subject"].startswith("192.0.2.7 tried 5 users [")


def test_nothing_is_sent_to_a_server_without_the_tls_that_is_wanted(post_office):
    post = post_office()
    error = refused(OPS, server(post.port, tls="starttls"))

    assert (error.again, post.mails) == (True, [])
    assert str(error).endswith("does not offer what is asked for: STARTTLS extension not supported by server")
