# Everything here works on a machine with only git, make and Python 3.11 or newer.
# PYTHON=… names another interpreter; ARGS=… is handed to pytest, or to the benchmark.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help demo test test-all lint format lock bench floor clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/runtime  ## see a full sync, a delta, a bad record and the history, in a throw-away database
	@rm -rf .demo && mkdir .demo
	@DATABASE_URL=sqlite:///.demo/demo.sqlite3 $(RUN) manage.py demo

test: $(VENV)/develop  ## run the tests; INGESTION_TEST_REQUIRE=postgres,mariadb makes a missing service an error
	@INGESTION_TEST_REQUIRE="$(INGESTION_TEST_REQUIRE)" $(RUN) -m pytest $(ARGS)

test-all: $(VENV)/develop  ## the same with ten kills at every crash point, and every message to the database lost once
	@INGESTION_TEST_SEEDS=10 INGESTION_TEST_REQUIRE="$(INGESTION_TEST_REQUIRE)" $(RUN) -m pytest $(ARGS)

lint: $(VENV)/develop  ## ruff check, ruff format --check, mypy strict
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

format: $(VENV)/develop  ## let ruff fix what it can
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

bench: $(VENV)/runtime  ## loads into PostgreSQL on 127.0.0.1 beside Django, dlt and raw COPY; ARGS="--records 20000 --runs 1", or ARGS=--database for leads from MariaDB
	@$(RUN) -m benchmarks.run $(ARGS)

floor: $(VENV)/runtime  ## a sync against a service that allows ten requests a second, beside the time these must take
	@$(RUN) -m benchmarks.floor $(ARGS)

lock:  ## renew the lock files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade \
		pyproject.toml --extra postgres --extra database --extra project --output-file requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade \
		pyproject.toml --extra dev --constraint requirements.lock --output-file requirements-dev.lock

.PHONY: simulate reliability
simulate: $(VENV)/develop  ## play simulated worlds: SEEDS=10000 [DB=postgres]; SEED=n replays one and tells its story
	@$(RUN) -m tests.simulation --seeds $(or $(SEEDS),1000) --database $(or $(DB),sqlite) $(if $(SEED),--seed $(SEED))

reliability: $(VENV)/develop  ## write docs/reliability.md from its declarations
	@$(RUN) -m tests.reliability

clean:  ## remove what make made
	rm -rf $(VENV) .demo benchmarks/.venv-peers

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer found; install one, or say make PYTHON=/path/to/python"; exit 1; }
	@echo "making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements.lock | $(VENV)/bin/python
	@echo "installing requirements.lock"
	@$(PIP) --requirement requirements.lock
	@touch $@

$(VENV)/develop: requirements-dev.lock | $(VENV)/bin/python
	@echo "installing requirements-dev.lock"
	@$(PIP) --requirement requirements-dev.lock
	@touch $@
