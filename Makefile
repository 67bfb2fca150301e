# J-MID. `make help` lists what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOME_  ?= jmid-home
PORT   ?= 8080
DIMSE_PORT ?= 11112
JOBS ?= 2
# One more than the cores: tests wait for disks and timers.
FAST_JOBS ?= 3
PLANS ?= 50
SEED ?= 1
FAST = "not servers and not browser and not slow"
# One point below what the fast tests were measured to reach (87 %).
COVERAGE_FLOOR = 86
SHELL  := /bin/sh
# Kept byte code: else each process of the tests compiles all of our code, and pytest rewrites all tests, anew.
unexport PYTHONDONTWRITEBYTECODE
OURS    = $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .

.PHONY: help up test test-fast fuzz chaos check coverage sbom wheel check-wheel check-image messages bench lock docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/.run ## Set up and run gateway and centre here; the first start feeds a sample (HOME_=, PORT=, DIMSE_PORT=)
	@exec $(BIN)/jmid up --home $(HOME_) --port $(PORT) --dimse-port $(DIMSE_PORT)

test: $(VENV)/.dev ## Set up and pass all tests (real RabbitMQ, MongoDB protocol, S3, Chromium)
	@$(BIN)/python -m tests.servers install
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadscope $(ARGS)

test-fast: $(VENV)/.dev ## Pass the tests that need no server, browser or process of their own (64 to 73 s on 2 cores)
	@HYPOTHESIS_PROFILE=few $(BIN)/python -m pytest -n $(FAST_JOBS) --dist loadscope -m $(FAST) $(ARGS)

fuzz: $(VENV)/.dev ## Look for new failing examples with random seeds (ARGS="--minutes 10 --seed N --servers tests/dicom")
	@$(BIN)/python -m tests.fuzz $(ARGS)

chaos: $(VENV)/.dev ## Carry out seeded plans of faults over the whole system, two of each service (PLANS=50 SEED=1)
	@$(BIN)/python -m tests.servers install
	@$(BIN)/python -m tests.chaos --plans $(PLANS) --seed $(SEED) $(ARGS)

check: $(VENV)/.dev ## Lint, types, layers, licences, Kubernetes manifests, docs in step with the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.licences
	$(BIN)/python -m k8s.check
	$(BIN)/python -m docs.generate --check
	$(BIN)/python -m shared.web.locale --check

sbom: $(VENV)/.dev ## Write the bill of materials of what is shipped, CycloneDX 1.6, to dist/jmid.cdx.json
	@mkdir -p dist && $(BIN)/python -m docs.sbom > dist/jmid.cdx.json

wheel: $(VENV)/.dev ## Build the wheel to dist/
	@$(BIN)/python -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -w dist .

check-wheel: $(VENV)/.dev ## Install the wheel in an empty environment, run it in an empty folder, find its sample
	@$(BIN)/python -m tests.packaging

check-image: $(VENV)/.dev ## Build the image line by line in an empty root and run it (as root on Debian, no engine)
	@$(BIN)/python -m tests.packaging.image $(ARGS)

coverage: $(VENV)/.dev ## Pass the fast tests and fail if they reach less than COVERAGE_FLOOR percent of the lines
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadscope -m $(FAST) --cov=services --cov=shared --cov-report=term:skip-covered --cov-fail-under=$(COVERAGE_FLOOR) $(ARGS)

messages: $(VENV)/.dev ## Take new texts of pages into the catalogues (shared/web/locale/*.po); translate them there
	$(BIN)/python -m shared.web.locale

bench: $(VENV)/.dev ## Measure against peers; tables and JSON to bench/results
	$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.dev ## Write the generated parts of docs/
	$(BIN)/python -m docs.generate

COMPILE = $(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 pyproject.toml requirements.in

lock: $(VENV)/.dev ## Resolve the lock files anew from pyproject.toml
	$(BIN)/python -m pip install -q uv
	$(COMPILE) --extra tracing -o requirements.lock
	$(COMPILE) --extra pixels --extra names --extra tracing -c requirements.lock -o requirements-gateway.lock
	$(COMPILE) --extra pixels --extra names --extra tracing --extra dev -c requirements-gateway.lock -o requirements-dev.lock

clean: ## Remove what was built and measured here; state under jmid-home stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage .hypothesis .import_linter_cache *.egg-info build dist bench/results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "J-MID needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "cannot create a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.run: requirements-gateway.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing pinned dependencies"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-gateway.lock
	@$(OURS)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing pinned dependencies, with those of the tests"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	@$(OURS)
	@touch $@ $(VENV)/.run
