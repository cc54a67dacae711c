import re
from datetime import datetime
from typing import Annotated, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from collector.config import options
from collector.config.options import Many, Options, Written

TYPES = {
    name: declared
    for name, declared in vars(options).items()
    if get_args(declared) and isinstance(get_args(declared)[-1], Written)
}


def patterns_of(schema):
    return [part["pattern"] for part in [schema, *schema.get("anyOf", [])] if "pattern" in part]


@pytest.mark.parametrize("name", TYPES)
def test_every_type_is_described_with_examples_it_accepts(name):
    adapter = TypeAdapter(TYPES[name])
    schema = adapter.json_schema()

    assert schema["description"]
    assert schema["examples"]
    for example in schema["examples"]:
        assert adapter.validate_python(example) is not None
        assert all(re.search(pattern, example) for pattern in patterns_of(schema))


@pytest.mark.parametrize("name", TYPES)
def test_every_type_is_shown_in_a_way_it_can_read_again(name):
    adapter = TypeAdapter(TYPES[name])

    for example in adapter.json_schema()["examples"]:
        value = adapter.validate_python(example)
        assert adapter.validate_python(adapter.dump_python(value, mode="json")) == value


def test_the_types_a_component_can_declare():
    assert sorted(TYPES) == [
        "Address", "CharsetName", "Domain", "Duration", "FilePath", "GroupName", "HostOrNetwork", "MaxSkew", "Mode",
        "Network", "Peer", "Rate", "Size", "SocketPath", "Switch", "TimeZone", "UserName",
    ]  # fmt: skip


class Sample(Options):
    """A sample."""

    names: Many[str] = ()
    """Some names."""

    count: int = 0
    ratio: float = 0.0
    at: datetime | None = None


def test_a_list_becomes_a_tuple():
    assert Sample.model_validate({"names": ["a", "b"]}).names == ("a", "b")


@pytest.mark.parametrize("data", [{"count": "5"}, {"count": True}, {"count": 1.0}, {"ratio": "1"}, {"names": "a"},
                                  {"at": "2026-07-23"}, {"Count": 1}])  # fmt: skip
def test_nothing_is_converted_silently(data):
    with pytest.raises(ValidationError):
        Sample.model_validate(data)


def test_a_whole_number_is_a_number():
    assert Sample.model_validate({"ratio": 1}).ratio == 1.0


def test_the_docstring_of_a_field_describes_it():
    assert Sample.model_json_schema()["properties"]["names"]["description"] == "Some names."


def test_a_type_can_be_optional_or_one_of_several():
    assert TypeAdapter(options.Size | None).validate_python(None) is None
    assert TypeAdapter(Annotated[options.Size, "more"]).validate_python("1KiB") == 1024
