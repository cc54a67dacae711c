from pathlib import Path

from observing import processes_of_session, until
from watched import watched

RULES = "rules:\n  - {id: any, kind: match, on: {text: x}, alert: {}}\n"


def test_processes_can_be_told_apart_by_their_names(serve):
    service = watched(serve, RULES)
    names = {"coll:worker-0", "coll:worker-1", "coll:correlator", "coll:dispatcher"}
    until(lambda: names <= {Path(f"/proc/{pid}/comm").read_text().strip() for pid in service_processes(service)})


def service_processes(service):
    return [pid for pid in processes_of_session(service.process.pid) if Path(f"/proc/{pid}/comm").exists()]
