# A fresh machine needs Python ≥ 3.11 and nothing else for `make demo`; `make test` and `make lint` need Node ≥ 20 too.
# PYTHON=… names another Python; TRACER_CHROMIUM=… another browser for the tests.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# Only these are installed again when the packaging changes; the code itself is used where it lies.
PACKAGING := pyproject.toml $(VENV)/.made
FLAGS ?=

.PHONY: help demo long test test-python test-js lint format bench bench-browser node clean

help:
	@echo "make demo    start the server with the demo chains"
	@echo "make test    all tests: Python, the page's modules, a real browser"
	@echo "make long    in full what the tests run samples of (minutes)"
	@echo "make lint    ruff, mypy, tsc, Biome"
	@echo "make bench   measure what docs/performance.md quotes, and write it there (about an hour; on a quiet machine)"
	@echo "make bench-browser  measure the page in a browser, beside an empty one (about 5 min; on a quiet machine)"
	@echo "make format  put Python and the page into the form that lint asks for"
	@echo "make clean   remove what make made"

demo: $(VENV)/.installed
	@$(BIN)/tracer demo $(FLAGS)

test: $(VENV)/.test $(VENV)/.browser node_modules/.made
	@status=0; \
	$(MAKE) --no-print-directory test-js || status=1; \
	$(MAKE) --no-print-directory test-python || status=1; \
	exit $$status

# Tests of real processes, sockets and browsers meet their deadlines only where the machine lets them: what fails is
# tried twice more, and the summary names what needed that.
test-python: $(VENV)/.test $(VENV)/.browser node_modules/.made
	TRACER_CHROMIUM="$$(cat $(VENV)/.browser)" $(BIN)/python -m pytest -n 2 --dist loadfile --reruns 2 -r aR $(FLAGS)

test-js: node_modules/.made
	npm test --silent

# All of what the suite runs a sample of: 10,000 files, 1,000 kills, …; minutes, not seconds.
long: $(VENV)/.test $(VENV)/.browser node_modules/.made
	TRACER_CHROMIUM="$$(cat $(VENV)/.browser)" $(BIN)/python -m pytest -m long --timeout 3600 -r aR $(FLAGS)

lint: $(VENV)/.lint node_modules/.made
	@status=0; \
	for check in "$(BIN)/ruff check ." "$(BIN)/ruff format --check ." "$(BIN)/mypy" "npm run lint --silent"; do \
		echo "$$check"; $$check || status=1; \
	done; \
	exit $$status

format: $(VENV)/.lint node_modules/.made
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npm run format --silent

# Goals that were missed are told, and the figures written all the same. FLAGS='--only overhead' for one of them.
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.report $(FLAGS)

bench-browser: $(VENV)/.bench $(VENV)/.browser
	TRACER_CHROMIUM="$$(cat $(VENV)/.browser)" $(BIN)/python -m benchmarks.browser $(FLAGS)

clean:
	rm -rf $(VENV) node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@tools/make-venv $(VENV)
	@touch $@

$(VENV)/.installed: $(PACKAGING)
	@echo "make: installing tracer into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(PACKAGING)
	@echo "make: installing tracer and what its tests need into $(VENV)"
	@$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.lint: $(PACKAGING)
	@echo "make: installing tracer and what checks it into $(VENV)"
	@$(PIP) --editable '.[lint,test]'
	@touch $@ $(VENV)/.installed $(VENV)/.test

$(VENV)/.bench: $(PACKAGING)
	@echo "make: installing tracer and what it is measured beside into $(VENV)"
	@$(PIP) --editable '.[bench,test]'
	@touch $@ $(VENV)/.installed $(VENV)/.test

# Looked up anew each time: a browser may have been removed since. Quick where there is one.
.PHONY: $(VENV)/.browser
$(VENV)/.browser: $(VENV)/.test
	@$(BIN)/python tools/find_browser.py > $@.new && mv $@.new $@

node:
	@tools/need-node

node_modules/.made: package.json package-lock.json | node
	@echo "make: installing what checks the page into node_modules"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@
