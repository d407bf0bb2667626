# The commands for working on the program. `make` without a target lists them.

PY := .venv/bin/python
# A file's tests stay together, so that its server or browser is started once.
PYTEST := $(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile
REQUIREMENTS := requirements.txt requirements-dev.txt
SCRIPTS := scripts/install.sh scripts/lock.sh scripts/deploy.sh scripts/aws_sign_in.sh infra/box/install.sh infra/box/tillpost infra/box/tillpost-restore .ci/run
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: docs help install run test check lock format bench load soak profile pictures demo-remove install-check ministack clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

install: ## Make .venv and install what Tillpost and its tests need
	@sh scripts/install.sh .venv $(REQUIREMENTS)

run: install ## Start Tillpost; an empty store is filled with a demo shop
	@$(PY) -m backend seed --if-empty
	@exec $(PY) server.py

test: install ## Run the tests (ARGS="-k orders" narrows them)
	@$(PYTEST) $(ARGS)

check: install-check ministack ## Format, lint, types, layers and all tests
	@echo "ruff format"  && $(PY) -m ruff format --check --quiet .
	@echo "ruff check"   && $(PY) -m ruff check --quiet .
	@echo "mypy"         && $(PY) -m mypy
	@echo "shellcheck"   && .venv/bin/shellcheck $(SCRIPTS)
	@echo "zizmor"       && .venv/bin/zizmor --offline --no-progress --quiet .github
	@echo "hadolint"     && .venv/bin/hadolint Dockerfile
	@echo "lint-imports" && .venv/bin/lint-imports --no-logo
	@echo "pytest"       && $(PYTEST) -W error $(ARGS)

docs: install-check ## Build the documents as a site into docs/_build
	@$(PY) -m sphinx --quiet --fail-on-warning --builder html docs docs/_build

lock: install-check ## Write locks/ again, after a change of a requirements file
	@sh scripts/lock.sh .venv/bin/uv

format: install-check ## Format the code and apply the linter's safe repairs
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .

bench: install ## Measure speed and cost beside the naive way (several minutes)
	@$(PY) -m benchmarks

load: install ## Measure the whole server under many callers at once (about two minutes)
	@sh scripts/install.sh .venv-load requirements-load.txt
	@$(PY) -m benchmarks.load $(ARGS)

profile: install ## Profile TARGET=page:overview, TARGET="command:totals" or TARGET=worker, and look at it in SnakeViz
	@$(PY) scripts/profile_target.py "$(or $(TARGET),page:overview)" --view $(ARGS)

soak: install ministack ## Send campaigns of 20,000 while workers are killed (about ten minutes)
	@$(PY) -m tests.campaigns.soak --engine sqlite
	@$(PY) -m tests.campaigns.soak --engine ministack

pictures: install-check ## Take the pictures of the documents again
	@PICTURES=docs/images $(PY) -m pytest tests/browser/test_pictures.py

demo-remove: install ## Remove the demo shop and its sign-ins
	@$(PY) -m backend seed --remove

install-check: install
	@sh scripts/install.sh .venv $(REQUIREMENTS) requirements-litestream.txt requirements-check.txt

ministack:
	@sh scripts/install.sh .venv-ministack requirements-ministack.txt

clean: ## Remove environments and caches; the shop's data in var/ stays
	@rm -rf .venv .venv-ministack .venv-load .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf .import_linter_cache test-results
	@find backend benchmarks pages tests -name __pycache__ -type d -prune -exec rm -rf {} +
