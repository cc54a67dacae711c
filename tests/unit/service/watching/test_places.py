from collector.service.watching.places import journal_names


def test_journals_of_workers_that_are_no_more_are_read_too(tmp_path):
    for name in ("worker-7", "alerts", "order"):
        (tmp_path / name).mkdir()
    assert journal_names(str(tmp_path), 2) == ["worker-0", "worker-1", "worker-7"]


def test_before_the_first_start_there_are_those_to_come(tmp_path):
    assert journal_names(str(tmp_path / "none"), 1) == ["worker-0"]
