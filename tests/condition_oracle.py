"""Conditions, read without regular expressions, sets or short cuts."""


def slowly(spec, record):
    for key, value in spec.items():
        if key == "any":
            found = [True for item in value if slowly(item, record)]
        elif key == "all":
            found = [] if [item for item in value if not slowly(item, record)] else [True]
        elif key == "not":
            found = [] if slowly(value, record) else [True]
        else:
            found = compared(key.split("|"), value, record)
        if not found:
            return False
    return True


def compared(key, patterns, record):
    text = record[key[0]]
    if text is None:
        return []
    results = [glob(tokens(pattern, key), text if "cased" in key else text.lower()) for pattern in patterns]
    return all(results) if "all" in key else any(results)


def tokens(pattern, key):
    """Characters to match one by one; None stands for any one, ... for any number of them."""
    if "cased" not in key:
        pattern = pattern.lower()
    found = []
    while pattern:
        if pattern[0] == "\\" and pattern[1:2] in ("\\", "*", "?"):
            found.append(pattern[1])
            pattern = pattern[2:]
            continue
        found.append({"*": ..., "?": None}.get(pattern[0], pattern[0]))
        pattern = pattern[1:]
    before = [...] if {"contains", "endswith"} & set(key) else []
    return before + found + ([...] if {"contains", "startswith"} & set(key) else [])


def glob(pattern, text):
    if not pattern:
        return not text
    if pattern[0] is ...:
        return any(glob(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in (None, text[0]) and glob(pattern[1:], text[1:])
