"""
Properties are tried with the same examples in every run, so that the gate gives one answer for one state of the code.

New examples: ``HYPOTHESIS_RANDOM=1 python -m pytest tests/properties``.
"""

import os

from hypothesis import settings

# No deadline: a busy machine is no wrong answer, and pytest ends what hangs.
settings.register_profile("gate", derandomize=not os.environ.get("HYPOTHESIS_RANDOM"), deadline=None)
settings.load_profile("gate")
