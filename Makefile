# What can be done with this tree; `make` alone lists it. The rules below `setup` run only when their inputs change.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The Python that makes the virtual environment, and what else pip needs to find a build of torch.
PYTHON ?= python3
TORCH_ARGUMENTS ?=
# `make lock LOCK_ARGUMENTS=--upgrade` moves every pin to the newest version that pyproject.toml admits.
LOCK_ARGUMENTS ?=

BIN := .venv/bin
STAMPS := .venv/.stamps
TORCH := $(shell sed -n 's/.*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --quiet
LOCKED := --no-deps --require-hashes --requirement
COMPILE := $(BIN)/pip-compile --quiet --no-emit-index-url --no-emit-find-links --no-header --strip-extras \
	--generate-hashes --unsafe-package torch $(LOCK_ARGUMENTS) pyproject.toml
PAGES := service/static/index.html
PAGE_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/.*')
# Two test processes for two cores, so each computes with one thread.
PARALLEL := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses=2
# The tests of kan check shapes and types at every call, which makes trainings two and a half times as long; Self means
# nothing to a check of one method at a time.
BEARTYPE := beartype.BeartypeConf(hint_overrides=beartype.FrozenDict({beartype.typing.Self: object}))
CHECKED := --jaxtyping-packages="kan,beartype.beartype(conf=$(BEARTYPE))" tests/kan

.PHONY: help setup run test check static provision bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The pages come first: a missing Node shows at once, not after the minutes that the Python packages take.
setup: $(PAGES) $(STAMPS)/development ## Install everything that work on the code needs, and build the pages

run: $(PAGES) $(STAMPS)/runtime ## Start the service with its demo at http://127.0.0.1:8000 (Ctrl-C stops it)
	@exec $(BIN)/edgewise demo

test: setup provision static ## Run every check and every test, on SQLite, on PostgreSQL and in the browser
	EDGEWISE_TEST_DATABASE=postgresql $(PARALLEL) -m database --ignore=tests/browser
	$(PARALLEL) --ignore=tests/browser --ignore=tests/kan
	$(PARALLEL) $(CHECKED)
	$(BIN)/pytest tests/browser
	EDGEWISE_TEST_DATABASE=postgresql $(BIN)/pytest tests/browser/test_journey.py tests/browser/test_roles.py

check: static ## Run the fast gate: format, types, import contracts, generated files, unit tests
	$(PARALLEL) tests/service/domain tests/docs
	$(PARALLEL) $(CHECKED)

static: $(STAMPS)/development frontend/node_modules/.package-lock.json
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd frontend && npm run --silent check
	$(BIN)/edgewise openapi > $(STAMPS)/openapi.json
	frontend/node_modules/.bin/openapi-typescript $(STAMPS)/openapi.json --output $(STAMPS)/schema.ts > /dev/null
	@diff --brief $(STAMPS)/schema.ts frontend/src/api/schema.ts \
		|| { echo "The API has changed: run 'npm run generate' in frontend/ and commit schema.ts." >&2; exit 1; }

provision: $(STAMPS)/development
	$(BIN)/python -m tests.provision

bench: $(STAMPS)/development ## Measure speed and quality against other libraries
	$(BIN)/python -m tests.benchmarks

lock: $(STAMPS)/development ## Compile the lock files anew from pyproject.toml and frontend/package.json
	$(COMPILE) --extra dev --output-file requirements-dev.txt
	$(COMPILE) --extra object-store --extra telemetry --constraint requirements-dev.txt --output-file requirements.txt
	$(COMPILE) --build-deps-for editable --only-build-deps --constraint requirements-dev.txt \
		--output-file requirements-build.txt
	cd frontend && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## Remove everything that setup and the tools made; ./var (your data) stays
	rm -rf .venv .make frontend/node_modules service/static .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis build dist

$(STAMPS)/torch:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { echo \
		"Edgewise needs Python 3.11 or newer; '$(PYTHON)' is not. Name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) $(TORCH_ARGUMENTS) $(TORCH)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/runtime: $(STAMPS)/torch pyproject.toml requirements.txt requirements-build.txt
	$(PIP) $(LOCKED) requirements.txt
	$(PIP) $(LOCKED) requirements-build.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/development: $(STAMPS)/runtime requirements-dev.txt
	$(PIP) $(LOCKED) requirements-dev.txt
	@touch $@

frontend/node_modules/.package-lock.json: frontend/package.json frontend/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
		2> /dev/null && command -v npm > /dev/null || { echo \
		"Edgewise needs Node.js 20.19 or newer with npm to build its pages; found: $$(node --version 2> /dev/null || echo none)." >&2; exit 1; }
	cd frontend && npm ci --no-audit --no-fund
	@touch $@

$(PAGES): frontend/node_modules/.package-lock.json $(PAGE_SOURCES)
	cd frontend && npm run --silent build
	@touch $@
