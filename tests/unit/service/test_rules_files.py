import os

import pytest
from rule_loading import Destinations

from collector.config.load import load_settings_text
from collector.service.rules_files import rules_of

RULE = "- {id: %s, kind: match, on: {text: x}, alert: {title: t}}\n"


@pytest.fixture
def read(tmp_path):
    """What becomes of a configuration in a folder with these files: the ids of its rules, its problems, its places."""

    def read(rules, more="", **files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        text = f"sources: [{{udp: ':5514'}}]\nroutes: ['*.* /x']\nrules: {rules}\n{more}"
        settings, problems = load_settings_text(
            text, str(tmp_path / "collector.yaml"), source_kinds=["udp"], sink_kinds=["file"]
        )
        assert problems == []
        book, problems, places = rules_of(settings, Destinations(), None)
        return book and [rule.id for rule in book.rules], problems, places

    return read


def test_files_are_taken_in_the_order_of_patterns_and_then_of_names(read, tmp_path):
    ids, problems, places = read(
        "[z.yaml, 'rules/*.yaml']", z_yaml=RULE % "z", rules__b_yaml=RULE % "b", rules__a_yaml=RULE % "a"
    )

    assert (ids, problems) == (["z", "a", "b"], [])
    assert set(places) == {
        str(tmp_path / name) for name in ("z.yaml", "rules", "rules/*.yaml", "rules/a.yaml", "rules/b.yaml")
    } - {str(tmp_path / "rules/*.yaml")}
    assert all(places.values())


def test_a_file_that_two_patterns_name_is_read_once(read):
    assert read("['*.yaml', a.yaml, ./a.yaml]", a_yaml=RULE % "a")[0] == ["a"]


def test_of_a_folder_all_yaml_files_are_taken(read):
    files = {"rules__a_yaml": RULE % "a", "rules__b.yml": RULE % "b", "rules__c.txt": "5", "rules__.d_yaml": "5"}
    assert read("[rules]", **files)[:2] == (["a", "b"], [])


def test_two_stars_are_folders_at_any_depth(read):
    assert read("['**/*.yaml']", a_yaml=RULE % "a", deep__b_yaml=RULE % "b")[0] == ["a", "b"]


def test_copies_of_editors_and_hidden_files_are_no_part_of_it(read):
    files = {"a_yaml": RULE % "a", ".b_yaml": "5", "c_yaml~": "5", "d.bak": "5"}
    assert read("['*']", **files)[:2] == (["a"], [])


def test_a_pattern_that_names_nothing_is_a_warning_at_its_place(read, tmp_path):
    ids, (problem,), _ = read("['x/*.yaml']", x__a_txt="")

    assert (ids, problem.level, problem.id) == ([], "warning", "no-rules")
    assert (problem.location.line, problem.location.column) == (3, 9)
    assert (problem.message, problem.hint) == ('no file fits "x/*.yaml"', f"looked for {tmp_path}/x/*.yaml")


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("[a.yaml, gone.yaml]", '"gone.yaml": no such file or folder'),
        ("[a.yaml, gone/]", '"gone/": no such file or folder'),
        ("[a.yaml, 'gone/*.yaml']", '"gone/*.yaml": there is no such folder'),
        ("[a.yaml, 'gone/**/x.yaml']", '"gone/**/x.yaml": there is no such folder'),
        ("[a.yaml, 'a.yaml/*.yaml']", "is no folder"),
    ],
)
def test_what_is_named_and_gone_is_an_error(read, rules, told):
    ids, (problem,), _ = read(rules, a_yaml=RULE % "a")
    assert (ids, problem.level, problem.id, problem.location.line) == (None, "error", "unreadable", 3)
    assert told in problem.message
    assert problem.hint


@pytest.fixture
def shut(monkeypatch):
    """Folders that nobody may look into, also where the tests run as root."""

    def shut(folder):
        def refuse(real):
            def asked(path=".", *more, **options):
                if not isinstance(path, int) and os.path.abspath(os.fsdecode(path)) == str(folder):
                    raise PermissionError(13, "Permission denied", str(path))
                return real(path, *more, **options)

            return asked

        for name in ("scandir", "listdir"):
            monkeypatch.setattr(os, name, refuse(getattr(os, name)))

    return shut


@pytest.mark.parametrize("rules", ["['rules/*.yaml']", "[rules/]", "[rules]", "['**/*.yaml']", "['r*/*.yaml']"])
def test_a_folder_that_cannot_be_looked_into_is_an_error_with_its_cure(read, shut, tmp_path, rules):
    shut(tmp_path / "rules")
    ids, (problem,), places = read(rules, rules__a_yaml=RULE % "a")
    assert (ids, problem.level, problem.id) == (None, "error", "unreadable")
    assert problem.message.endswith(f": no permission to read the folder {tmp_path}/rules")
    assert problem.hint == "let the user that runs this program read and enter it"
    assert places


def test_a_file_without_rules_is_a_warning(read):
    ids, (problem,), _ = read("[a.yaml, b.yaml]", a_yaml="# - {id: a}\n", b_yaml=RULE % "b")
    assert (ids, problem.level, problem.message) == (["b"], "warning", "there is no rule in this file")


@pytest.mark.parametrize("text", ["- {id: a, kind: match}\n", "- [\n", "a: b: c\n", "- {id: a, id: b}\n"])
def test_a_broken_file_is_no_book_at_all(read, text):
    ids, problems, _ = read("[a.yaml, b.yaml]", a_yaml=text, b_yaml=RULE % "b")
    assert ids is None
    assert all(problem.location.file.endswith("a.yaml") for problem in problems)


def test_what_is_no_text_is_refused(read, tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"# caf\xe9\n")
    ids, problems, _ = read("[pipe.yaml, latin.yaml]")
    assert (ids, [problem.id for problem in problems]) == (None, ["unreadable", "encoding"])


def test_sets_of_the_configuration_are_known_in_the_files(read):
    rule = "- {id: a, kind: match, on: {text: x}, set: s, then: next, alert: {title: t}}\n"
    assert read("[a.yaml]", "sets: [{name: s, ordered: true}]\n", a_yaml=rule)[:2] == (["a"], [])
