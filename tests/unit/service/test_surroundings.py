import os
import socket

import pytest
from pipeline_rig import plan_of

from collector.service import places, surroundings
from collector.service.privileges import Identity
from collector.service.surroundings import look, look_as


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ordinary(monkeypatch):
    """A user called ann without rights in any folder whose name holds ``closed``, nor to such files."""
    monkeypatch.setattr(surroundings, "_user", lambda: "ann")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "access", lambda path, *_, **__: "closed" not in str(path))


def told(to="./all", **settings):
    target = {"to": {"file": to}} if isinstance(to, str) else {"to": to}
    plan = plan_of("", [{"select": "*.*", **target}], **{"state_dir": "./state", **settings})
    return [(problem.level, problem.message) for problem in look(plan)]


@pytest.mark.parametrize("to", ["./all", "all", "./new/and/deeper/all", "./hosts/{{ hostname }}/log", "/dev/null"])
def test_places_that_are_there_or_can_be_made_are_fine_and_are_not_made(folder, ordinary, to):
    assert told(to) == []
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("to", "there"),
    [
        ("./closed/all", "./closed"),
        ("./closed/new/all", "./closed"),
        ("./closed/{{ hostname }}", "closed"),
        ("./closed/{{ hostname }}/all", "closed"),
    ],
)
def test_a_folder_that_this_user_may_not_write_in_is_a_warning_with_his_name(folder, ordinary, to, there):
    (folder / "closed").mkdir()

    assert told(to) == [("warning", f"user ann may not write in the folder {there}")]


def test_who_starts_it_is_told_the_cure(folder, ordinary):
    (folder / "closed").mkdir()
    plan = plan_of("", [{"select": "*.*", "to": {"file": "./closed/all"}}], state_dir="./state")

    problem = look(plan, starting=True)[0]
    assert (problem.level, problem.hint) == ("warning", f"setfacl -m u:ann:rwx {folder}/closed")


def test_a_file_that_this_user_may_not_write_to_is_a_warning(folder, ordinary):
    (folder / "closed").touch()

    assert told("./closed") == [("warning", "user ann may not write to ./closed")]


def test_a_file_where_a_folder_is_needed_and_a_folder_where_a_file_is_are_errors(folder):
    (folder / "file").touch()
    (folder / "folder").mkdir()

    assert told("./file/all") == [("error", "./file is no folder")]
    assert told("./file/{{ hostname }}/all") == [("error", "file is no folder")]
    assert told("./folder") == [("error", "./folder is a folder")]


def test_a_problem_has_the_place_of_the_route(folder):
    (folder / "folder").mkdir()
    plan = plan_of("", [{"select": "*.*", "to": {"file": "./folder"}}], state_dir="./state")
    [problem] = look(plan)

    assert problem.location == plan.routes[0].location


def test_state_and_control_are_looked_at(folder, ordinary):
    for name in ("closed", "closed-run"):
        (folder / name).mkdir()

    assert told(state_dir="./closed", control="./closed-run/control.sock") == [
        ("warning", "user ann may not write in the folder ./closed"),
        ("warning", "user ann may not write in the folder ./closed-run"),
    ]


def test_a_lock_of_another_user_is_a_warning(folder, ordinary, monkeypatch):
    (folder / "state").mkdir()
    (folder / "state/lock").touch()
    monkeypatch.setattr(os, "access", lambda path, *_, **__: not path.endswith("lock"))

    assert told() == [("warning", "user ann may not write to ./state/lock")]


def test_a_socket_of_an_earlier_run_may_be_there_and_nothing_else(folder):
    with socket.socket(socket.AF_UNIX) as earlier:
        earlier.bind("sock")
    (folder / "file").touch()

    assert told(control="./sock") == []
    assert told(control="./file") == [("error", "./file is there and is no socket")]


def test_a_control_socket_whose_path_is_too_long_is_an_error():
    state = f"/tmp/{'x' * 89}"

    assert told(state_dir=state) == []
    assert told(state_dir=f"{state}x") == [
        ("error", f"the path of the control socket is longer than 107 bytes: {state}x/control.sock")
    ]


def test_giving_files_away_takes_a_right_that_only_root_has(ordinary, monkeypatch):
    to = {"file": "./all", "owner": "root", "group": "root"}

    assert told(to) == [("warning", "user ann gives ./all to another user or group, which takes CAP_CHOWN")]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert told(to) == []


@pytest.fixture
def service(monkeypatch):
    """The same as ``ordinary``, and it is ann who runs the service."""
    monkeypatch.setattr(surroundings, "_user", lambda: "ann")
    monkeypatch.setattr(os, "access", lambda path, *_, **__: "closed" not in str(path))
    return Identity("ann", os.geteuid(), os.getegid(), ())


def told_to(service, to="./all", **settings):
    plan = plan_of("", [{"select": "*.*", "to": {"file": to}}], **settings)
    return [(problem.level, problem.message, problem.hint) for problem in look_as(plan, service)]


def test_for_the_service_a_missing_right_is_an_error_with_its_cure(folder, service):
    (folder / "closed").mkdir()
    (folder / "closed-file").touch()

    assert told_to(service, "./closed/{{ hostname }}", state_dir="./state") == [
        ("error", "user ann may not write in the folder closed", f"setfacl -m u:ann:rwx {folder}/closed"),
    ]
    assert told_to(service, "./closed-file", state_dir="./state") == [
        ("error", "user ann may not write to ./closed-file", f"setfacl -m u:ann:rw {folder}/closed-file"),
    ]


def test_where_a_folder_above_is_closed_the_cure_begins_there(folder, service):
    (folder / "closed/logs").mkdir(parents=True)

    [(_, message, hint)] = told_to(service, "./closed/logs/all", state_dir="./state")
    assert message == "user ann may not write in the folder ./closed/logs"
    assert hint == f"setfacl -m u:ann:x {folder}/closed, then look again"


def test_folders_that_the_service_manager_makes_are_not_missed(folder, service, monkeypatch):
    monkeypatch.setattr(places, "state_dir", lambda: "/closed/lib/collector")
    monkeypatch.setattr(places, "control", lambda _: "/closed/run/collector/control.sock")

    assert told_to(service) == []
    (folder / "closed").mkdir()
    assert told_to(service, state_dir="./closed/state") != []


def test_a_part_of_the_configuration_that_the_service_could_not_read_again_is_an_error(folder, service):
    (folder / "closed.conf").write_text("*.* /var/log/all\n")
    plan = plan_of("", [{"include": "./closed.conf"}], state_dir="./state")

    [problem] = [problem for problem in look_as(plan, service) if "closed.conf" in problem.message]
    assert (problem.level, problem.message) == ("error", "user ann may not read ./closed.conf")
    assert problem.location.file == "./closed.conf"


def test_a_file_that_is_to_be_rotated_needs_a_folder_to_write_in(folder, ordinary, monkeypatch):
    (folder / "logs").mkdir()
    (folder / "logs/all").touch()
    monkeypatch.setattr(os, "access", lambda path, *_, **__: str(path) != str(folder / "logs"))

    assert told("./logs/all") == []
    (problem,) = told({"file": "./logs/all", "rotate": "daily"})
    assert problem == ("warning", f"user ann may not write in the folder {folder}/logs")
