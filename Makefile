# The developer's commands; `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PROCESSES ?= 4
CODE   := adrelay libs services sandbox tests bench

.DEFAULT_GOAL := help
.PHONY: help setup demo up web screenshots test check format bench chaos soak lock clean

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Create the virtual environment, and build the web application
	@$(BIN)/python -m adrelay.web_build
	@$(BIN)/python -m tests.web.browser

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "adrelay needs Python 3.11 or newer; set PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing from requirements.lock ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Run the whole path in about a minute, with the three sandboxes
	@$(BIN)/adrelay demo

up: setup ## Run everything on this machine with the settings of .env
	@$(BIN)/adrelay up

web: setup ## Develop the web application: a server that reloads, before a running gateway
	@$(BIN)/python -m adrelay.web_build dev

screenshots: setup ## Take a picture of every page of the web application, in build/screenshots
	@$(BIN)/python -m tests.web.screenshots

test: setup ## Run the whole test suite
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile

check: setup ## Lint, format, types, import rules
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@$(BIN)/python -m adrelay.web_build check

format: setup ## Format, and fix what ruff can fix
	@$(BIN)/ruff check --fix-only $(CODE)
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/python -m adrelay.web_build format

# the words behind `bench` are names of benches, and targets that do nothing
ifeq (bench,$(firstword $(MAKECMDGOALS)))
BENCHES := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
.PHONY: $(BENCHES)
$(eval $(BENCHES):;@:)
endif

bench: setup ## Measure against limits and peers: make bench, make bench growth EVENTS=1000000,10000000
	@$(BIN)/python -m bench $(BENCHES) $(if $(EVENTS),--events $(EVENTS))

COMPILE := pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
	--no-emit-trusted-host --no-emit-find-links --no-header

chaos: setup ## Random faults under load, invariants checked: make chaos FAULTS=40 SEED=7 TOGETHER=1
	@$(BIN)/python -m tests.chaos --faults $(or $(FAULTS),20) --seed $(or $(SEED),1) $(if $(TOGETHER),--together)

soak: setup ## A long run of 200 sessions and 1,000 groups under faults: make soak MINUTES=30 SEED=7
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),30) --seed $(or $(SEED),1)

lock: setup ## Compile the requirements files into their locks
	@$(BIN)/$(COMPILE) --upgrade --output-file requirements.lock requirements.in
	@$(BIN)/$(COMPILE) --upgrade --constraint requirements.lock --output-file requirements-run.lock \
		requirements-run.in
	@$(BIN)/$(COMPILE) --upgrade --constraint requirements.lock --output-file requirements-web.lock \
		requirements-web.in

clean: ## Delete what the other targets created
	@rm -rf web/node_modules web/dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
