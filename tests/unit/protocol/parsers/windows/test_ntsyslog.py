from datetime import UTC, datetime

import pytest

from collector.protocol.parsers import Context, parse
from collector.protocol.parsers.windows.ntsyslog import read

CONTEXT = Context(datetime(2026, 7, 23, 7, tzinfo=UTC), UTC, "192.0.2.7:4428", "utf-8", None)


def fields(text):
    return read(parse(f"<135>Jul 23 15:54:31 atropos {text}", CONTEXT))


@pytest.mark.parametrize(
    ("text", "user"),
    [
        (r"NT AUTHORITY\SYSTEM  Logon Failure: x", r"NT AUTHORITY\SYSTEM"),
        (r"NT AUTHORITY\SYSTEM Logon Failure: x", r"NT AUTHORITY\SYSTEM"),
        (r"nt authority\local service Logon Failure: x", r"nt authority\local service"),
        (r"NT AUTHORITY\NETWORK SERVICE Logon", r"NT AUTHORITY\NETWORK SERVICE"),
        (r"NT AUTHORITY\NETWORK Logon", r"NT AUTHORITY\NETWORK"),
        (r"NT AUTHORITY\SYSTEM", r"NT AUTHORITY\SYSTEM"),
        (r"NT SERVICE\MSSQL$A The service", r"NT SERVICE\MSSQL$A"),
        (r"IBM17M\Jeremy Lee  Privileged", r"IBM17M\Jeremy Lee"),
        (r"IBM17M\Jeremy Lee#011Privileged", r"IBM17M\Jeremy Lee"),
        (r"IBM17M\Jeremy Privileged Service", r"IBM17M\Jeremy"),
        (r"CORP\bob Faulting application x.exe stopped.  More", r"CORP\bob"),
        (r"CORP\山田 太郎  ログオン", r"CORP\山田 太郎"),
        (r"CORP\DC1$  Logon", r"CORP\DC1$"),
        ("bob  Logon", "bob"),
    ],
)
def test_a_user_is_parted_from_the_text(text, user):
    assert fields(f"security[success] 528 {text}")["User"] == user


@pytest.mark.parametrize(
    "text",
    ["N/A  The service", "N/A The service", "N/A", "The service was started.", "", r"C:\temp\x is full", "#011x"],
)
def test_what_is_no_user_is_none(text):
    assert "User" not in fields(f"system[info] 7036 {text}")


@pytest.mark.parametrize(("word", "kind"), [("success", "audit_success"), ("failure", "audit_failure")])
def test_an_audit_is_told_by_its_type(word, kind):
    assert fields(f"security[{word}] 528 N/A x")["EntryType"] == kind


@pytest.mark.parametrize(
    ("number", "event"),
    [("0", 0), ("65535", 65535), ("99999", 99999), ("0529", None), ("100000", None), ("528x", None), ("-1", None)],
)
def test_an_event_id_has_five_digits_at_most(number, event):
    assert fields(f"system[info] {number} N/A  x").get("EventID") == event


def test_the_third_form_names_source_type_id_and_user():
    assert fields(r"NT: <Service Control Manager;E7031;CORP\Jeremy Lee> The service ended.") == {
        "EventID": 7031,
        "Provider_Name": "Service Control Manager",
        "EntryType": "error",
        "Computer": "atropos",
        "User": r"CORP\Jeremy Lee",
    }


@pytest.mark.parametrize(
    "text",
    [
        "NT: <a;E7031> x",
        "NT: <a;X7031;u> x",
        "NT: <a;E;u> x",
        "NT: <a;E7031;u",
        "NT: text",
        "[NT:a;E1;u",
        "NTP: <a;E1;u> x",
    ],
)
def test_what_only_looks_like_the_third_form_is_none(text):
    assert fields(text) is None


@pytest.mark.parametrize("text", ["sshd[411]: User Name: bob", "x[error]: 1 N/A  y", "security: x", "a b[error] x", ""])
def test_other_messages_are_none(text):
    assert fields(text) is None
