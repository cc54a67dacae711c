"""What the rules of a configuration make of one message, for ``collector explain``: as if it were the first of all."""

import pickle
from datetime import datetime
from typing import Any

from collector.batch import Odd
from collector.protocol.interpret import Interpreter
from collector.rules.event import Event
from collector.service.check_rules.explaining import explanations
from collector.service.check_rules.patience import Patience
from collector.service.watching.plan import RulesPlan


def judged(rules: bytes, odd: Odd, peer: str | None, interpreter: Interpreter) -> list[dict[str, Any]]:
    """``rules`` is the pickled RulesPlan of a plan. An explanation for each of them; none where one takes for ever."""
    plan: RulesPlan = pickle.loads(rules)  # noqa: S301 - made by this very process
    received_at: datetime = odd.record.received_at
    event = Event((odd, peer), interpreter.moment(received_at), received_at.timestamp())
    text = f"<{odd.record.pri}>{odd.line}\n".encode()
    candidates = plan.prefilter.residual | {rule for _, rule in plan.prefilter.scan(text)}
    with Patience() as patience:
        return explanations(patience.engine_for(plan.book), plan.prefilter, event, candidates, patience)
