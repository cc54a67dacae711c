"""
An engine that is slow and obvious: it keeps every event in lists, and looks through all of them for whatever it is
asked. Rules are mappings as in YAML, with durations in seconds; they fit events by ``app_name``, count by ``hostname``
and tell values apart by ``proc_id``.
"""

from collections import defaultdict
from dataclasses import dataclass, field

NEVER = float("inf")
COMPARISONS = {
    "gte": lambda count, number: count >= number,
    "gt": lambda count, number: count > number,
    "lte": lambda count, number: count <= number,
    "lt": lambda count, number: count < number,
    "eq": lambda count, number: count == number,
}


@dataclass
class Window:
    time: float
    arrival: float
    events: list = field(default_factory=list)
    said: bool = False
    seen: int = 0
    held: list = field(default_factory=list)
    since: float = 0


class SlowRule:
    def __init__(self, number, spec, outbox):
        self.number, self.spec, self.outbox = number, spec, outbox
        self.events = defaultdict(list)
        self.true = defaultdict(bool)
        self.windows, self.troubles, self.limits, self.mutes = {}, {}, {}, {}
        self.heard = []

    def hit(self, event, now):
        spec = self.spec
        if event.fields.get("app_name") not in spec["on"]["app_name"]:
            return False
        key = event.fields.get("hostname")
        if key is None:
            return True
        hit = (min(event.time, now), now, event.fields.get("proc_id"))
        if spec["kind"] == "match":
            self.fire(key, 1, hit[0], now)
        else:
            self.count(key, hit)
        return True

    def count(self, key, hit):
        time, now, value = hit
        trouble = self.troubles.get(key)
        if trouble:
            time = max(time, trouble[-1][0])
            if time >= self.calm(trouble)[0]:
                self.clear(key, now)
            else:
                trouble.append((time, now))
                return
        if self.spec["count"].get("distinct") and value is None:
            return
        if self.spec.get("window") == "anchored":
            self.anchored(key, (time, now, value))
        else:
            self.sliding(key, (time, now, value))

    def number_of(self, events):
        return len({value for _, _, value in events}) if self.spec["count"].get("distinct") else len(events)

    def compare(self, events):
        name = next(name for name in self.spec["count"] if name != "distinct")
        return COMPARISONS[name](self.number_of(events), self.spec["count"][name])

    def sliding(self, key, hit):
        events, within = self.events[key], self.spec["within"]
        time, now, value = hit
        # What is over by the clock of arrival is over, the newest event time with it.
        alive = [event for event in events if event[1] >= now - within]
        time = max([time, *(event[0] for event in alive[-1:])])
        lasted = [event for event in events if event[0] >= time - within and event[1] >= now - within]
        true = self.true[key] and self.compare(lasted)
        events.append((time, now, value))
        inside = [event for event in events if event[0] > time - within and event[1] > now - within]
        self.true[key] = self.compare(inside)
        if self.true[key] and not true:
            self.trouble(key, time, now, self.number_of(inside))

    def anchored(self, key, hit):
        time, now, value = hit
        within = self.spec["within"]
        window = self.windows.get(key)
        if window and (time >= window.time + within or now >= window.arrival + within):
            self.end(key, now)
            window = None
        if not window:
            window = self.windows[key] = Window(time, now)
        window.events.append((max([time, *(event[0] for event in window.events)]), now, value))
        name = next(name for name in self.spec["count"] if name != "distinct")
        if name in {"gte", "gt"} and not window.said and self.compare(window.events):
            window.said = True
            self.trouble(key, window.events[-1][0], now, self.number_of(window.events))

    def end(self, key, at):
        window = self.windows.pop(key)
        if next(name for name in self.spec["count"] if name != "distinct") in {"gte", "gt"}:
            return
        if self.compare(window.events):
            self.trouble(key, window.time + self.spec["within"], at, self.number_of(window.events))

    def trouble(self, key, time, now, count):
        told = self.fire(key, count, time, now)
        if "clear" in self.spec:
            self.troubles[key] = Trouble([(time, now)], told)
            self.events.pop(key, None)
            self.true.pop(key, None)
            self.windows.pop(key, None)

    def calm(self, trouble):
        """When so few are left of the events since: counted from the one that has just left."""
        clear = self.spec["clear"]
        time, arrival = trouble[max(0, len(trouble) - 1 - clear["at_most"])]
        return time + clear["within"], arrival + clear["within"]

    def clear(self, key, at):
        trouble = self.troubles.pop(key)
        if trouble.told:
            time = self.calm(trouble)[0]
            left = [one for one in trouble if one[0] > time - self.spec["clear"]["within"]]
            self.say(f"{self.spec['id']} clear", {"hostname": key} if key else {}, len(left), time, at)

    def fire(self, key, count, time, now):
        for mute, begins in self.heard:
            mute.turns.append((begins, key, time, now))
        if self.is_muted(key, count, time, now):
            return False
        limit = self.spec.get("limit")
        if limit is None:
            self.say(f"{self.spec['id']} {key}", {"hostname": key} if key else {}, count, time, now)
            return True
        window = self.limits.get(key)
        if window and (time >= window.time + limit["per"] or now >= window.arrival + limit["per"]):
            self.unlimit(key, now)
            window = None
        if not window:
            window = self.limits[key] = Window(time, now)
        window.seen += 1
        if "first" in limit and window.seen <= limit["first"]:
            held = []
        elif "every" in limit and window.seen % limit["every"] == 0:
            held, window.held = window.held, []
        else:
            window.held.append((count, time))
            return False
        count += sum(one for one, _ in held)
        self.say(f"{self.spec['id']} {key}", {"hostname": key} if key else {}, count, time, now)
        return True

    def unlimit(self, key, at):
        self.summary(self.limits.pop(key).held, key, at)

    def is_muted(self, key, count, time, now):
        window = self.mutes.get(key)
        if window and (
            time >= window.time + self.spec["mute"]["at_most"] or now >= window.arrival + self.spec["mute"]["at_most"]
        ):
            self.unmute(key, now)
            window = None
        if window:
            window.held.append((count, time))
        return window is not None

    def unmute(self, key, at):
        if key in self.mutes:
            self.summary(self.mutes.pop(key).held, key, at)

    turns = ()

    def take_turns(self):
        turns, self.turns = self.turns, []
        for begins, key, time, now in turns:
            if not begins:
                self.unmute(key, now)
                continue
            held = self.mutes.pop(key).held if key in self.mutes else []
            self.mutes[key] = Window(time, now, held=held)

    def summary(self, held, key, at):
        if held:
            key_shown = {"hostname": key} if key else {}
            count = sum(one for one, _ in held)
            self.say(f"{self.spec['id']} {key} … and {count} more", key_shown, count, held[-1][1], at)

    def pending(self):
        """Everything that waits: when it is due, and what is to be done."""
        spec = self.spec
        for key, window in self.windows.items():
            yield window.arrival + spec["within"], 0, self.end, key
        for key, trouble in self.troubles.items():
            yield self.calm(trouble)[1], 1, self.clear, key
        for key, window in self.limits.items():
            yield window.arrival + spec["limit"]["per"], 2, self.unlimit, key
        for key, window in self.mutes.items():
            yield window.arrival + spec["mute"]["at_most"], 3, self.unmute, key

    def say(self, title, key, count, time, at):
        self.outbox.append((title, key, count, time, at))


class Trouble(list):
    def __init__(self, events, told):
        super().__init__(events)
        self.told = told


class SlowEngine:
    """``outbox`` holds (title, key, count, event time, fired at)."""

    def __init__(self, specs):
        self.clock, self.outbox = -NEVER, []
        self.rules = [SlowRule(number, spec, self.outbox) for number, spec in enumerate(specs)]
        by_id = {rule.spec["id"]: rule for rule in self.rules}
        for rule in self.rules:
            mute = rule.spec.get("mute")
            if mute:
                rule.turns = []
                by_id[mute["from"]].heard.append((rule, True))
                by_id[mute["until"]].heard.append((rule, False))

    def feed(self, event):
        self.advance(event.arrival)
        goes_on_at = 0
        for rule in self.rules:
            in_set = "set" in rule.spec
            if in_set and rule.number < goes_on_at:
                continue
            if rule.hit(event, self.clock) and in_set:
                goes_on_at = self.after(rule)
        self.take_turns()

    def after(self, rule):
        """The number of the rule that is tried next in the ordered set."""
        match rule.spec.get("then", "stop"):
            case "next":
                return 0
            case "stop":
                return NEVER
            case {"goto": rule_id}:
                return next(other.number for other in self.rules if other.spec["id"] == rule_id)

    def advance(self, now):
        self.clock = max(self.clock, now)
        while True:
            waiting = [
                (due, rule.number, part, place, call, key)
                for rule in self.rules
                for place, (due, part, call, key) in enumerate(rule.pending())
                if due <= self.clock
            ]
            if not waiting:
                return
            due, _, _, _, call, key = min(waiting, key=lambda one: one[:4])
            call(key, due)
            self.take_turns()

    def take_turns(self):
        for rule in self.rules:
            if rule.turns:
                rule.take_turns()
