# A fresh machine needs Python 3.11 or newer with venv and pip; everything else is fetched.

BIN := .venv/bin
STAMP := .venv/.installed
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-header --python-version 3.11
ARGS ?=
SEEDS ?= 1:11
STEPS ?= 200

# Bytecode is kept, whatever the environment says: without it each of the many processes takes three
# seconds to start, and not one.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check bench simulate lock clean
.DEFAULT_GOAL := help

help:
	@echo "make run     set up, then start everything: site, worker, scheduler, database, sandbox"
	@echo "make test    set up, then run the whole suite; ARGS=... goes to pytest"
	@echo "make check   lint, formatting, types, architecture, migrations, deployment settings"
	@echo "make bench   measure; tables on the screen, figures in bench/results/"
	@echo "make simulate   trades under every failure at once: SEEDS=7001:7021 STEPS=200"
	@echo "make lock    lock the dependencies of pyproject.toml again"
	@echo "make clean   remove the installed environment and the caches; var/ (your data) stays"

run: $(STAMP)
	@exec $(BIN)/python -m marketplace.local

test: $(STAMP)
	@CHROMIUM="$$($(BIN)/python -m marketplace.local.chromium)" && export CHROMIUM && \
		exec $(BIN)/python -m pytest -n 3 $(ARGS)

check: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@env $$(grep -v '^#' .ci/production.env) $(BIN)/python manage.py check --deploy \
		--fail-level WARNING

simulate: $(STAMP)
	@exec $(BIN)/python -m simulator $(SEEDS) --steps $(STEPS) $(ARGS)

bench: $(STAMP)
	@exec $(BIN)/python -m bench $(ARGS)

lock: $(STAMP)
	$(LOCK) pyproject.toml -o requirements/production.txt
	$(LOCK) pyproject.toml --group dev -o requirements/development.txt
	$(LOCK) requirements/installer.in -o requirements/installer.txt

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(STAMP): requirements/development.txt requirements/installer.txt
	@PYTHON="$(PYTHON)" sh .ci/install
