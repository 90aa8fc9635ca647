# `make help` lists the targets. A fresh checkout needs python3 (3.11 or newer) and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime
INSTALLED := .venv/.installed
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
ROOMS := practices appointments prerequisites messaging escalation
EMBEDDED := $(BIN)/python -m treffa.embedded
# Cached bytecode makes every start but the first twice as fast.
export PYTHONDONTWRITEBYTECODE :=
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-header --no-annotate
SYNC := $(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python
UV_LOCK := sed -n '/^uv==/,/[^\\]$$/p' requirements/demo.txt
HASHED := install --require-hashes --requirement /dev/stdin

.PHONY: help demo test check smoke bench chaos screenshots messages lock chromium clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(RUNTIME) $(CATALOGUES) ## the whole product with three practices; SPEED=60: an hour a minute; FRESH=1: new data
	@$(EMBEDDED) up --name demo $(if $(SPEED),--speed $(SPEED)) $(if $(FRESH),--fresh)

test: $(INSTALLED) $(CATALOGUES) chromium ## all tests, those in the browser included
	$(EMBEDDED) with --name test -- pytest -n 2 --dist worksteal $(ARGS)

check: $(INSTALLED) $(CATALOGUES) ## format, lint, types, import contracts, migrations, templates, catalogues
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy treffa $(ROOMS)
	$(BIN)/lint-imports --no-cache
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	$(EMBEDDED) with --name check -- sh -euc '\
		python manage.py check; \
		python manage.py makemigrations --check --dry-run; \
		python manage.py lintmigrations --quiet ok ignore --no-cache --include-apps $(ROOMS); \
		python manage.py catalogues check'

smoke: $(RUNTIME) $(CATALOGUES) ## the whole story against the running parts, one JSON line a step
	@$(EMBEDDED) up --name smoke --fresh --quiet --tick 1 -- python manage.py smoke

bench: $(RUNTIME) $(CATALOGUES) ## the benchmarks
	@$(BIN)/python manage.py bench $(ARGS)

chaos: $(INSTALLED) $(CATALOGUES) ## the fault tests and the full sets of which `make test` runs samples
	@$(EMBEDDED) with --name chaos --fresh -- sh -euc '\
		python manage.py migrate --no-input -v 0; \
		python -m tests.chaos $(ARGS); \
		pytest -q -m chaos >&2'

screenshots: $(INSTALLED) $(CATALOGUES) chromium ## the pictures in docs/
	@$(EMBEDDED) up --name screenshots --fresh --quiet --seed --at 2026-11-23T08:12+01:00 -- python manage.py screenshots

messages: $(RUNTIME) $(CATALOGUES) ## the translations, compiled

lock: $(RUNTIME) ## requirements/*.txt anew from *.in
	cd requirements && for each in base demo dev; do ../$(LOCK) $$each.in -o $$each.txt; done

chromium: $(INSTALLED)
	@$(BIN)/python -m treffa.demo.chromium

clean: ## what the targets made, but for .venv
	$(if $(wildcard $(RUNTIME)),$(BIN)/python -m treffa.embedded clean)
	rm -rf staticfiles test-results .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./.venv -prune -o \( -name '*.mo' -o -name '*.pyc' \) -exec rm -f {} +

%.mo: %.po | $(RUNTIME)
	@$(BIN)/python manage.py catalogues compile

# The locks hold names, versions and hashes; where packages come from is this machine's own setting.
# `make demo` needs no tool of development; once these are installed, they stay.
$(RUNTIME): requirements/demo.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Treffa needs Python 3.11 or newer: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv
	@test -x $(BIN)/uv || { $(UV_LOCK) | $(PYTHON) -m pip --quiet --python $(BIN)/python $(HASHED); } 2>/dev/null \
		|| { $(BIN)/python -m ensurepip >/dev/null && $(UV_LOCK) | $(BIN)/python -m pip --quiet $(HASHED); }
	$(SYNC) $(if $(wildcard $(INSTALLED)),requirements/dev.txt,$<)
	@touch $@

$(INSTALLED): requirements/dev.txt | $(RUNTIME)
	$(SYNC) $<
	@touch $@
