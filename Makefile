# Everything that one types at studyweb. `make help` lists it; each first use installs what it needs into .venv.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BENCH ?=
PYTEST_WORKERS ?= 2

BIN := .venv/bin
LOCKS := requirements.lock requirements-nodeps.lock
# Who has the development packages has the others too: `make run` is content with either.
RUN_STAMP := $(if $(wildcard .venv/.dev-installed),.venv/.dev-installed,.venv/.run-installed)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test served check demo bench lock clean chromium

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUN_STAMP) ## Start studyweb on this machine (PORT=8000, HOST=127.0.0.1); Ctrl-C stops it
	@$(BIN)/python manage.py up --host $(HOST) --port $(PORT)

# Where the environment forbids to keep what was compiled, each of hundreds of processes compiles the project for itself.
test check served: export PYTHONDONTWRITEBYTECODE :=
test: .venv/.dev-installed chromium ## Run all tests, the ones in a real browser too, and those against R where it is
	@kept="not stack and not llama"; sh .ci/r || { kept="not stack and not llama and not r"; echo "The tests against R are LEFT OUT of this run." >&2; }; \
	set -x; $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder -m "$$kept"
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile -m stack

served: .venv/.dev-installed ## Test served models against llama.cpp's own server, which is built once (minutes, a compiler)
	$(BIN)/python -m pytest -m llama

# The tools load the settings: they must not touch the data of an installation that runs from this folder.
check: export STUDYWEB_DATA_DIR := $(CURDIR)/.venv/.check-data
check: .venv/.dev-installed ## Check format, lint, types, templates, migrations and import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/djlint --quiet --lint studyweb surveys generation analysis
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --database default --fail-level WARNING
	$(BIN)/python -m pytest -q tests/test_architecture.py

demo: $(RUN_STAMP) ## Walk the whole chain with nobody at the keyboard; results in demo-output/
	$(BIN)/python manage.py demo

bench: .venv/.dev-installed ## Run the benchmarks, or one of them (BENCH=participants)
	@names="$(BENCH)"; \
	if [ -z "$$names" ]; then names=$$(ls benchmarks/*.py | sed -e 's|benchmarks/||' -e 's|\.py$$||' | grep -v '^_'); fi; \
	for name in $$names; do $(BIN)/python -m benchmarks.$$name || exit 1; done

lock: .venv/.lock-tools/bin/pip-compile ## Choose versions anew and write the lock files
	for name in requirements requirements-dev; do \
		constraint=""; [ $$name = requirements ] || constraint="--constraint=requirements.lock"; \
		.venv/.lock-tools/bin/pip-compile --quiet --upgrade --allow-unsafe --no-annotate --no-emit-find-links \
			--no-emit-index-url --no-emit-trusted-host --strip-extras $$constraint \
			--output-file=$$name.lock $$name.in || exit 1; \
		sed -i -e '/^torch==/s/+[a-z0-9.]*$$//' $$name.lock; \
	done

clean: ## Remove the environment, caches and collected output; data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-output test-output static-collected
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

chromium:
	@sh .ci/chromium

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "studyweb needs Python 3.11 or newer, and '$(PYTHON)' is not. Name another: make PYTHON=python3.12 ..." >&2; \
		exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.run-installed: $(LOCKS) | .venv/bin/python
	@echo "Installing what studyweb needs into .venv (once; some minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-nodeps.lock
	@touch $@

.venv/.dev-installed: $(LOCKS) requirements-dev.lock | .venv/bin/python
	@echo "Installing what studyweb and its tests need into .venv (once; some minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-nodeps.lock
	@touch $@ .venv/.run-installed

.venv/.lock-tools/bin/pip-compile: | .venv/bin/python
	@$(BIN)/python -m venv .venv/.lock-tools
	@.venv/.lock-tools/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
