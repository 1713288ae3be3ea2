# Two commands for a new user: `make demo` and `make test`. Everything else is what they do.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# Files side by side: most of their time engines are waited for.
PARALLEL := -n 2 --dist loadfile

.PHONY: demo test check lint types imports unit integration gui engine-without-qt system clean help

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

demo: $(STAMP) ## Run the recorder with eight simulated cameras
	@$(VENV)/bin/nvr demo

test: $(STAMP) ## Everything that must be green
	@$(MAKE) --no-print-directory lint types imports engine-without-qt unit integration gui

system: ## Debian packages, where missing and allowed; otherwise the line to type
	@bash installer/system_packages.sh

$(STAMP): pyproject.toml installer/system_packages.sh
	@bash installer/system_packages.sh
	@bash installer/make_venv.sh $(VENV)
	@touch $(STAMP)

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(STAMP)
	$(VENV)/bin/mypy

imports: $(STAMP)
	$(VENV)/bin/lint-imports

unit: $(STAMP)
	$(VENV)/bin/pytest tests/unit $(PARALLEL)

# The engine must work where PySide6 is not installed: its import is made to fail.
engine-without-qt: $(STAMP)
	NVR_TEST_WITHOUT_QT=1 $(VENV)/bin/pytest tests/unit -q -x -p no:pytest-qt $(PARALLEL)

integration: $(STAMP)
	$(VENV)/bin/pytest tests/integration $(PARALLEL)

gui: $(STAMP)
	$(VENV)/bin/pytest tests/gui

clean: ## Remove what was built, recordings excepted
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
