"""
The service, with a supervisor that looks at its files fifty times a second: ``quick_service.py … --config FILE``.

``serve(config, prefix=QUICK)`` starts it: the command that follows the prefix is not run.
"""

import sys
from functools import partial

from collector.service.ownlog import OwnLog
from collector.service.plan import build_plan
from collector.service.supervisor import Supervisor
from collector.service.worker import run_worker
from collector.service.workers import Timing

QUICK = (sys.executable, "-W", "error", __file__)


def main(config):
    plan, problems = build_plan(config)
    assert plan is not None, problems
    return Supervisor(plan, run_worker, OwnLog(sys.stderr), partial(build_plan, config), timing=Timing(tick=0.02)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[-1]))
