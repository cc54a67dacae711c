import pytest
from alerting import read
from pipeline_rig import plan_of

from collector.service.delivery_places import delivery_troubles
from collector.service.surroundings import look


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "page"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def told(*argv, folder="/"):
    destination, problems = read(f"{{exec: [{', '.join(map(str, argv))}], folder: {folder}}}")
    assert problems == []
    return [(one.level, one.message, one.cure) for one in delivery_troubles(destination.options)]


def test_a_program_that_is_there_and_may_be_run_is_fine(program):
    assert told(program, "-x") == []


def test_what_calls_no_program_is_fine():
    destination, _ = read("{webhook: 'https://chat.example.org/hook'}")
    assert list(delivery_troubles(destination.options)) == []


def test_what_is_missing_is_a_warning_with_a_cure(program, tmp_path):
    program.chmod(0o644)
    assert told(program) == [("warning", f"the program {program} may not be run by this user", f"chmod +x {program}")]
    assert told(tmp_path)[0][1].endswith("cannot be run: it is a folder")
    assert told(tmp_path / "none")[0][1].endswith("cannot be run: it is not there")
    assert told(tmp_path / "none/page")[0][1].endswith(f"its folder {tmp_path}/none is not there or closed")
    program.chmod(0o755)
    assert told(program, folder=tmp_path / "none")[0][1].startswith(f"the folder {tmp_path}/none for ")


def test_check_config_tells_where_the_program_is_written(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n  - {id: a, kind: match, on: {text: x}, alert: {title: x},\n     do: [ops, {exec: [/none/page]}]}\n"
    )
    plan = plan_of(
        tmp_path, [], rules=[str(rules)], state_dir=str(tmp_path / "state"),
        destinations={"ops": {"exec": ["/none/other"]}},
    )  # fmt: skip
    found = {problem.location.file: problem for problem in look(plan) if "/none/" in problem.message}

    assert set(found) == {"test.yaml", str(rules)}
    assert found[str(rules)].location.line == 3
    assert {problem.level for problem in found.values()} == {"warning"}
