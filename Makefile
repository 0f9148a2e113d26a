# The two commands of the README are `make demo` and `make test`; the rest is for who works on it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# nbgrader starts `alembic` as a program: the environment's bin folder has to be on PATH.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help bench check coverage demo diagnosis messages site pictures release-check screenshots test test-slow test-overnight lint format notebooks constraints clean

help:
	@echo "make demo       grade a sample class from start to finish"
	@echo "make test       the whole test suite, lint and types included"
	@echo "make check      lint, types and the learning side: for every save"
	@echo "make test-slow  the tests that take long"
	@echo "make diagnosis  grade the check library like a classifier"
	@echo "make messages   write every message of a failed check to docs/messages.md"
	@echo "make bench      what lectures, checks and grading cost, the last beside nbgrader's"
	@echo "make site       build the course as a web site (ANSWERS=yes: with the worked answers)"
	@echo "                (PYODIDE=cdn: its browser edition takes Python from Pyodide's own address)"
	@echo "make screenshots  pictures of every page of the site, light and dark"
	@echo "make pictures   the pictures of docs/round.md, by the test that takes that way"
	@echo "make release-check  build the package and try it in fresh environments (TAG=v1.2.3)"
	@echo "make notebooks  normalise the notebooks, regenerate release/, run the lectures"
	@echo "make format     let ruff format the code"
	@echo "make constraints  install the newest versions and pin them"

$(VENV)/.python:
	$(PYTHON) -m venv $(VENV)
	touch $@

# One stamp for each set of extras: the demo does not wait for what only the tests need.
$(VENV)/.grading: $(VENV)/.python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[grading]"
	touch $@

$(VENV)/.dev: $(VENV)/.grading
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[grading,cluster,postgres,hub,site,dev]"
	touch $@

demo: $(VENV)/.grading
	@$(BIN)/chainrule demo

# COVERAGE=yes has the tests measure what they reach; `make coverage` then says what it was.
RUN := $(if $(COVERAGE),$(BIN)/coverage run,$(BIN)/python)

# The files that take longest begin first (grader_tests/conftest.py); each stays with one process.
test: lint
	$(RUN) -m pytest -n auto --dist loadfile

check: lint
	$(BIN)/python -m pytest -n auto --dist loadfile \
	  grader_tests/learning grader_tests/check grader_tests/whole/test_house.py

test-slow: $(VENV)/.dev
	$(RUN) -m pytest -m slow -n auto --dist loadfile

test-overnight: $(VENV)/.dev
	$(RUN) -m pytest -m overnight -n auto --dist loadfile

coverage: $(VENV)/.dev
	$(BIN)/python -m grader_tests.support.covered

# Every message of a failed check, as a page to be read.
messages: $(VENV)/.dev
	@$(BIN)/python -m grader_tests.check.gallery

diagnosis: $(VENV)/.dev
	@$(BIN)/python -m grader_tests.check.diagnosis

site: $(VENV)/.dev
	@ANSWERS=$(ANSWERS) PYODIDE=$(PYODIDE) $(BIN)/python docs/build.py

screenshots: site
	@$(BIN)/python docs/screenshots.py

pictures: $(VENV)/.dev
	CHAINRULE_PICTURES=docs/images/round $(BIN)/python -m pytest -m overnight grader_tests/whole/test_round.py

# TAG: of the release that is made now; without, the next one is tried.
release-check: $(VENV)/.dev
	@$(BIN)/python -m grader_tests.support.release $(TAG)

bench: $(VENV)/.dev
	@$(BIN)/python benchmarks/lectures.py
	@$(BIN)/python benchmarks/checks.py
	@$(BIN)/python benchmarks/startup.py
	@$(BIN)/python benchmarks/report.py
	@$(BIN)/python benchmarks/feedback.py
	@$(BIN)/python benchmarks/threats.py
	@$(BIN)/python benchmarks/judge.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache > /dev/null || $(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(VENV)/.dev
	$(BIN)/chainrule notebooks

# Pins what was just installed; names and versions only, never where they came from.
constraints:
	rm -rf $(VENV)/constraints && $(PYTHON) -m venv $(VENV)/constraints
	$(VENV)/constraints/bin/python -m pip install --quiet ".[grading,cluster,postgres,hub,site,dev]"
	( echo "# The versions the test suite last passed with; made by 'make constraints'."; \
	  $(VENV)/constraints/bin/python -m pip freeze --exclude chainrule | grep '==' ) > constraints.txt
	rm -rf $(VENV)/constraints

clean:
	rm -rf $(VENV) demo dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
