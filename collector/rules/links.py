"""What rules say of each other: ids, ``goto``, ``mute``; and rules that nothing follows from."""

from collections.abc import Iterator, Mapping, Sequence

from collector.config.problems import Location, Problem, did_you_mean, quote
from collector.rules.fields import is_known
from collector.rules.reading import Draft


def check_links(drafts: Sequence[Draft], ids: Mapping[str, Location]) -> Iterator[Problem]:
    """``ids`` are those of all rules, also of those that could not be read."""
    places = {draft.options.id: place for place, draft in enumerate(drafts)}
    by_id = {draft.options.id: draft for draft in drafts}
    for draft in drafts:
        yield from _goto(draft, by_id, places, ids)
        yield from _mute(draft, by_id, ids)
    yield from _without_effect(drafts)


def _goto(
    draft: Draft, by_id: Mapping[str, Draft], places: Mapping[str, int], ids: Mapping[str, Location]
) -> Iterator[Problem]:
    then = draft.options.then
    if not isinstance(then, tuple):
        return
    target, place = then[1], draft.place("then", "goto")
    if target not in ids:
        yield _unknown(target, place, ids)
    elif target in by_id and by_id[target].options.set != draft.options.set:
        hint = "goto stays within a set"
        yield Problem(place, f"the rule {quote(target)} is in another set", "goto", hint)
    elif target in by_id and places[target] <= places[draft.options.id]:
        hint = f"it is at {ids[target]}; goto leads forward only"
        yield Problem(place, f"the rule {quote(target)} is not behind this one", "goto", hint)


def _mute(draft: Draft, by_id: Mapping[str, Draft], ids: Mapping[str, Location]) -> Iterator[Problem]:
    mute = draft.options.mute
    if mute is None:
        return
    for key, target in (("from", mute.start), ("until", mute.end)):
        place = draft.place("mute", key)
        if target not in ids:
            yield _unknown(target, place, ids)
        elif target == draft.options.id:
            hint = "name the rules between whose events it is to be silent"
            yield Problem(place, "a rule cannot mute itself", "mute", hint)
        elif target in by_id:
            yield from _key_of_mute(draft, by_id[target])
    if mute.start == mute.end != draft.options.id:
        hint = "the silence would end where it begins: name two rules"
        yield Problem(draft.place("mute", "until"), f"from and until are both {quote(mute.end)}", "mute", hint)


def _key_of_mute(draft: Draft, other: Draft) -> Iterator[Problem]:
    """The fields of the key must be there in the events of both rules."""
    mute = draft.options.mute
    names = draft.options.by if mute.by is None else mute.by
    for name in names:
        if is_known(name, draft.condition.captures) and not is_known(name, other.condition.captures):
            place = draft.place("by") if mute.by is None else draft.place("mute", "by")
            hint = "capture it there, too, or mute by a field that every event has, such as hostname"
            yield Problem(place, f"the rule {quote(other.options.id)} has no field {quote(name)}", "mute", hint)


def _without_effect(drafts: Sequence[Draft]) -> Iterator[Problem]:
    mutes = [draft.options.mute for draft in drafts if draft.options.mute]
    asked = {name for mute in mutes for name in (mute.start, mute.end)}
    for draft in drafts:
        stops = draft.ordered and draft.options.then != "next"
        if draft.alert is None and not stops and draft.options.id not in asked:
            hint = 'add alert: {title: "…"}'
            yield Problem(draft.place("id"), "nothing follows from this rule", "no-effect", hint, "warning")


def _unknown(target: str, place: Location, ids: Mapping[str, Location]) -> Problem:
    hint = did_you_mean(target, ids) or "the id of another rule"
    return Problem(place, f"unknown rule {quote(target)}", "unknown-rule", hint)
