# What one can do here; `make` alone lists it. Everything is installed into .venv, from the versions in requirements.lock.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run dev test check fix bench lock clean
unexport PYTHONDONTWRITEBYTECODE  # without bytecode every command starts two to three times slower

PYTHON ?= $(shell for p in python3.11 python3; do "$$p" -c '' 2>/dev/null && { echo "$$p"; break; }; done)
BIN := .venv/bin
PORT ?= 3000
# A constraint holds for what is installed and, under both names (pip 25.3 parted them), for what builds it.
PIP := PIP_CONSTRAINT=requirements.lock PIP_BUILD_CONSTRAINT=requirements.lock PIP_DISABLE_PIP_VERSION_CHECK=1 \
	$(BIN)/python -m pip
# Without `compat` a script beside the checkout would import its folder, an empty namespace of the same name.
EDITABLE := --config-settings editable_mode=compat --editable
COMPILE := $(BIN)/python -m compileall -qq -j 0 .venv/lib flow_assets || true
# Becomes Dagster, in the folder that `flow` uses too. SIGINT is how Dagster ends its processes, and a script's
# `make dev &` ignores it: they would stay behind.
DEV = import os, signal; from flow_assets.materialization.skin.instance import prepare_home; \
	from flow_assets.settings import load_settings; \
	home = load_settings().dagster_home; prepare_home(home); os.environ["DAGSTER_HOME"] = str(home); \
	signal.signal(signal.SIGINT, signal.SIG_DFL); \
	os.execv("$(BIN)/dagster", ["dagster", "dev", "--host", "127.0.0.1", "--port", "$(PORT)"])

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: .venv/run ## Land the demonstration's files and compute every dataset; again, and nothing is computed
	$(BIN)/flow land
	$(BIN)/flow run

dev: .venv/run ## Serve Dagster's UI on 127.0.0.1:3000, or on another PORT
	@exec $(BIN)/python -c '$(DEV)'

test: .venv/dev ## Run the tests
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: .venv/dev ## Check format, lint, types, the import contract and that Dagster loads the definitions
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	VIRTUAL_ENV="$$PWD/.venv" $(BIN)/dg check defs

fix: .venv/dev ## Format, and mend what lint can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: .venv/bench ## Measure how fast it is, beside what; twenty minutes on a machine that does nothing else
	$(BIN)/python -m benchmarks $(BENCH)

lock: ## Resolve every dependency anew and write requirements.lock
	rm -rf build
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --upgrade setuptools ".[bench,dev]"
	build/lock/bin/python -m pip list --format=freeze --exclude pip --exclude flow_assets > requirements.lock
	rm -rf build

clean: ## Remove .venv, caches and builds; data/ stays
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find flow_assets flow_assets_tests -name __pycache__ -prune -exec rm -rf {} +

.venv/run: pyproject.toml requirements.lock
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed; found: $$("$(PYTHON)" --version 2>/dev/null || echo none)." >&2; \
		echo "Install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	$(PIP) install --quiet --no-compile $(EDITABLE) .
	@$(COMPILE)
	@touch $@

.venv/bench: .venv/dev
	$(PIP) install --quiet --no-compile $(EDITABLE) ".[bench]"
	@$(COMPILE)
	@touch $@

.venv/dev: .venv/run
	$(PIP) install --quiet --no-compile $(EDITABLE) ".[dev]"
	@$(COMPILE)
	@touch $@
