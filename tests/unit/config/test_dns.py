"""The section ``dns``, as it is written and as it is refused."""

import pytest

from collector.config.load import load_settings_text
from collector.config.settings import Dns


def load(section):
    text = f"sources: [{{udp: ':514'}}]\nroutes: ['*.* /x']\ndns: {section}\n"
    settings, problems = load_settings_text(text, "c.yaml", source_kinds=["udp"], sink_kinds=["file"])
    return settings.dns, [str(problem).splitlines()[0] for problem in problems]


@pytest.mark.parametrize(
    ("written", "options"),
    [
        ("off", Dns()),
        ("false", Dns()),
        ("on", Dns(lookups=True)),
        ("true", Dns(lookups=True)),
        ("{lookups: off, hosts: /etc/hosts}", Dns(hosts="/etc/hosts")),
        ("{hosts: none}", Dns()),
        ("{lookups: on, fqdn: off, confirm: on}", Dns(lookups=True, fqdn=False, confirm=True)),
        ("{strip_domains: [Example.NET, .example.org.]}", Dns(strip_domains=("example.net", "example.org"))),
        ("{ttl: 1d, negative_ttl: 5m, timeout: 500ms}", Dns(ttl="1d", negative_ttl="5m", timeout="500ms")),
    ],
)
def test_names_are_configured(written, options):
    assert load(written) == (options, [])


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("maybe", '3:6: error: "maybe" is neither on nor off [bad-value]'),
        ("5", "3:6: error: 5 is not a mapping [bad-value]"),
        ("{lookups: yes}", '3:16: error: "yes" is neither on nor off [bad-value]'),
        ("{lookups: 1}", "3:16: error: 1 is neither on nor off [bad-value]"),
        ("{hosts: 5}", "3:14: error: 5 is not a path [bad-value]"),
        ("{strip_domains: [a b]}", '3:23: error: "a b" is not a domain [bad-value]'),
        ("{strip_domains: [.]}", '3:23: error: "." is not a domain [bad-value]'),
        ("{ttl: 10}", "3:12: error: 10 is not a duration [bad-value]"),
        ("{negative_ttl: 0}", "3:21: error: 0 is too small [bad-value]"),
        ("{timeout: 2m}", '3:16: error: "2m" is too large [bad-value]'),
        ("{look_ups: on}", '3:7: error: unknown key "look_ups" [unknown-key]'),
    ],
)
def test_what_is_no_configuration_of_names_is_told_with_its_place(written, problem):
    assert load(written)[1] == [f"c.yaml:{problem}"]
