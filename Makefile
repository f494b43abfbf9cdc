# Everything is set up from hashed lock files into .venv; no other state. `make` alone prints this help.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help run test fuzz check schedulers image lint types bench faults accuracy sample docs screenshot clients lock wheel audit sbom clean

help: ## Print this help
	@echo "dq_pipeline: nightly extracts in, one published truth and a scorecard out"
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/run.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name it with make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.done: $(VENV)/run.done requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/run.done ## Set up, then run the sample project: rows, customers, scores, and where the report is
	$(BIN)/dq run

test: $(VENV)/dev.done ## Set up, then run the tests
	$(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder

$(VENV)/schedulers/%.done: tools/schedulers/%.lock
	$(PYTHON) -m venv $(VENV)/schedulers/$*
	$(VENV)/schedulers/$*/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

schedulers: $(VENV)/schedulers/airflow.done $(VENV)/schedulers/dagster.done ## Set up Airflow and Dagster, each by itself, for the tests of what dq schedule makes

image: ## Build the container image dq-pipeline (needs docker)
	version=$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' src/dq_pipeline/__init__.py); \
	docker build --build-arg VERSION=$$version --build-arg REVISION=$$(git rev-parse HEAD) --tag dq-pipeline:$$version .

fuzz: $(VENV)/dev.done ## Throw random and broken files at the readers and standardizers (DQ_FUZZ=5000 examples for each)
	DQ_FUZZ=$${DQ_FUZZ:-5000} $(BIN)/python -m pytest -q tests/property/test_fuzz.py --hypothesis-profile=random -n auto

lint: $(VENV)/dev.done ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.done ## mypy --strict
	$(BIN)/mypy

check: lint types test ## ruff, mypy --strict, tests

bench: $(VENV)/dev.done ## Rows a second of each stage at 10,000 and 100,000 customers, and the ratio to plain Splink
	$(BIN)/python -m bench

faults: $(VENV)/dev.done ## Kill hundreds of nights, fill the disk, take rights away, read while publishing: what is lost (docs/faults.md)
	$(BIN)/python -m tests.faults

accuracy: $(VENV)/dev.done ## Resolve every labelled set, plain Splink beside it, and make docs/accuracy.md of it
	$(BIN)/python -m tools.accuracy --sets all --write docs/accuracy.md

sample: $(VENV)/dev.done ## Make data/sample again (the same bytes for the same seed)
	$(BIN)/python -m tools.sample

docs: $(VENV)/dev.done ## Run the sample and make the data dictionary, the diagram and the cookbook's answers again from what it publishes
	$(BIN)/dq run --quiet
	$(BIN)/python -m tools.dictionary
	$(BIN)/python -m tools.diagram
	$(BIN)/python -m tools.cookbook

screenshot: $(VENV)/dev.done ## Run the sample and take docs/report.png of its report anew (needs chromium)
	$(BIN)/dq run --quiet
	$(BIN)/python -m tools.screenshot

clients: ## Ask the published file the cookbook with older DuckDB clients (needs a package index)
	PYTHON=$(PYTHON) sh tools/check_clients.sh output/published/truth.duckdb 1.2.2 1.4.1

wheel: $(VENV)/dev.done ## Build the wheel and use it in an empty environment
	$(BIN)/python -m build --wheel --no-isolation --outdir dist
	PYTHON=$(PYTHON) sh tools/check_wheel.sh

$(VENV)/audit.done:
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1 cyclonedx-bom==7.5.0
	@touch $@

audit: $(VENV)/audit.done ## Ask the Python advisory database about every locked dependency (needs the network); one that cannot be asked about fails
	$(VENV)/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock

sbom: $(VENV)/run.done $(VENV)/audit.done ## Write dist/sbom.json: everything that is installed, with versions and licenses, as CycloneDX
	mkdir -p dist
	$(VENV)/audit/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --output-reproducible --output-format JSON -o dist/sbom.json

lock: ## Resolve the lock files anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --output-file requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --constraint requirements.lock --output-file requirements-dev.lock
	for one in airflow dagster; do uv pip compile tools/schedulers/$$one.in --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --output-file tools/schedulers/$$one.lock || exit 1; done

clean: ## Remove the environment and all outputs
	rm -rf $(VENV) output dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
