import pytest

from collector.protocol.parsers.windows.event_data import event_data
from collector.protocol.parsers.windows.labels import HEADINGS, KNOWN, LABELS, WIDEST


def test_a_text_without_labels_has_no_data():
    assert event_data("The Event log service was started.") == {}
    assert event_data("") == {}


@pytest.mark.parametrize("blanks", [" ", "  ", "    "])
def test_a_value_ends_where_the_next_label_begins(blanks):
    text = blanks.join(["Logon Failure:", "Reason:bad password", "User Name: Jeremy Lee", "Logon Type:3"])

    assert event_data(text) == {"FailureReason": "bad password", "TargetUserName": "Jeremy Lee", "LogonType": "3"}


def test_where_labels_stand_apart_no_other_word_before_a_colon_is_one():
    text = "Logon Failure:  Reason:see Domain: x for more  User Name:bob  Logon Type:3"

    assert event_data(text) == {
        "FailureReason": "see Domain: x for more",
        "TargetUserName": "bob",
        "LogonType": "3",
    }


def test_where_most_labels_stand_with_one_blank_a_single_gap_changes_nothing():
    assert event_data("Logon Failure:  Reason:x User Name:bob Domain:CORP") == {
        "FailureReason": "x",
        "TargetUserName": "bob",
        "TargetDomainName": "CORP",
    }


def test_the_longest_label_counts():
    text = "Network Account Name: a Caller User Name: b User Name: c"

    assert event_data(text) == {"TargetOutboundUserName": "a", "SubjectUserName": "b", "TargetUserName": "c"}


def test_a_heading_says_whose_account_it_is():
    text = "Subject: Account Name: a New Logon: Account Name: b Process Information: Name: c"

    assert event_data(text) == {"SubjectUserName": "a", "TargetUserName": "b", "ProcessName": "c"}


def test_a_heading_with_a_value_is_none():
    assert event_data("Subject:  your invoice  Account Name:  a") == {"TargetUserName": "a"}


def test_what_is_empty_is_left_out():
    assert event_data("User Name:  Domain:-  Logon Type:3") == {"LogonType": "3"}


def test_unknown_labels_in_lines_of_their_own_get_a_name_of_their_words():
    text = "Some heading:  Call Depth: 3  TLS/SSL version: 1.3  e-mail: x@example.org"

    assert event_data(text) == {"CallDepth": "3", "TlsSslVersion": "1.3", "EMail": "x@example.org"}


@pytest.mark.parametrize(
    "value", ["C:\\new\\tools", "http://192.0.2.7/a: b", "fe80::1", "10:02:03 AM 7/23/2005", "a: b"]
)
def test_a_colon_in_a_value_is_part_of_it(value):
    assert event_data(f"Reason:  {value}  User Name:  bob") == {"FailureReason": value, "TargetUserName": "bob"}


@pytest.mark.parametrize("line", ["\t", "\r\n\t", "#011", "#015#012#011", "\\t", "\\r\\n\\t"])
def test_what_relays_make_of_a_tab_is_none_of_the_value(line):
    text = f"Logon Failure:{line}Reason:{line}bad password{line}Path:{line}C:\\new\\tools\\run.exe"

    assert event_data(text) == {"FailureReason": "bad password", "Application": "C:\\new\\tools\\run.exe"}


def test_a_path_is_no_line_with_tabs():
    text = "Path: C:\\temp\\reason: see below User Name: CORP\\nobody"

    assert event_data(text) == {"Application": "C:\\temp\\reason: see below", "TargetUserName": "CORP\\nobody"}


def test_explanations_at_the_end_are_no_value():
    text = "Logon Type: 3 Key Length: 0 This event is generated when a logon request fails. Status: it says why"

    assert event_data(text)["KeyLength"] == "0 This event is generated when a logon request fails."
    assert event_data(text.partition(" Status")[0])["KeyLength"] == "0"


def test_what_windows_says_after_a_chosen_name_beats_what_the_name_says():
    text = "Reason:x  User Name:bob  Source Network Address:203.0.113.9  Domain:CORP  Source Network Address:192.0.2.7"

    assert event_data(text)["IpAddress"] == "192.0.2.7"
    assert "IpAddress" not in event_data(text.replace("192.0.2.7", "-"))


def test_what_windows_says_before_a_chosen_name_stays():
    text = "Logon Type:3  User Name:bob  Logon Type:2  Domain:CORP"

    assert event_data(text)["LogonType"] == "3"


@pytest.mark.parametrize("name", ["Channel", "Event ID", "User", "Computer", "Entry Type"])
def test_no_label_stands_for_the_header(name):
    found = event_data(f"Note:  {name}:x  Call Depth:3")

    assert found.keys() - {"EventId", "EntryType"} == {"CallDepth"}
    assert "EventID" not in found


def test_labels_of_japanese_are_known_with_and_without_blanks_and_long_vowels():
    for label in ("ユーザー名", "ユーザ名", "ユーザー 名"):
        assert event_data(f"理由: x {label}： bob") == {"FailureReason": "x", "TargetUserName": "bob"}


def test_no_label_is_longer_than_what_is_looked_at():
    assert max(map(len, KNOWN)) < WIDEST


def test_no_label_holds_a_colon_or_two_blanks():
    assert not [label for label in KNOWN if ":" in label or "：" in label or "  " in label]


def test_every_heading_leads_to_names():
    names = {name for table in HEADINGS.values() for name in table.values()} | set(LABELS.values())
    assert all(name == "" or (name[0].isupper() and name.isidentifier()) for name in names)
