# make run        a collector on 127.0.0.1:5514 with the demo configuration, writing under ./run/
# make install    (as root) the program, its user, unit and configuration; deploy/install.sh says with which variables
# make uninstall  (as root) all but the logs and the configuration
# make test       the tests
# make check      what CI runs: lint, types, import contracts, tests, documentation
# make bench      side by side with rsyslog, and rules with SEC and swatchdog
# All but the two for root set up what they need in ./.venv first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run install uninstall test check lint types contracts docs docs-check fuzz bench clean

run: $(VENV)/.runs
	@mkdir -p run
	@$(BIN)/collector run --config deploy/demo.yaml

INSTALLER = PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' PYTHON='$(PYTHON)' START='$(START)' deploy/install.sh

install:
	@$(INSTALLER) install

uninstall:
	@$(INSTALLER) uninstall

test: $(VENV)/.tests
	@$(BIN)/python -m pytest

check: lint types contracts docs-check test

lint: $(VENV)/.tests
	@$(BIN)/ruff check collector tests
	@$(BIN)/ruff format --check collector tests

types: $(VENV)/.tests
	@$(BIN)/mypy

contracts: $(VENV)/.tests
	@$(BIN)/lint-imports

docs: $(VENV)/.tests
	@$(BIN)/python -m tests.docs.generate

docs-check: $(VENV)/.tests
	@$(BIN)/python -m tests.docs.generate --check

fuzz: $(VENV)/.tests
	@FUZZ_SECONDS=$${SECONDS_EACH:-30} $(BIN)/python -m pytest tests/fuzz -p no:randomly --timeout 0

bench: $(VENV)/.tests
	@$(BIN)/python tests/bench/bench.py $(BENCH)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

# The virtual environment: first what running needs, then what testing needs on top.
$(VENV)/.runs: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or later is needed; name it with: make PYTHON=python3.12 run' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'The venv module of Python is missing. On Debian and Ubuntu: sudo apt-get install python3-venv' >&2; exit 1; }
	@test -x $(BIN)/python || { echo 'Setting up ./$(VENV) …'; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.tests: $(VENV)/.runs
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
