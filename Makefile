# make demo      the page, with the students in checkpoints/
# make test      every check, in a browser too
# make check     format, lint, types and the quick tests: what to run while working
#                (WORKERS=1 for one at a time; PYTEST=--durations=20 shows what is slow; both for `make test` too)
# make rebuild   teachers and students again from the data sets (a GPU is used where there is one)
# make static    the demo as a folder, build/static: for any static host, a stick, or offline
# make engine    what the engine in the browser is built of, again from its source (needs npm)
# make results   the figures of assets/results/ again, for the students in checkpoints/

PYTHON ?= python3
IN := .venv/bin
WORKERS ?= 3
PYTEST ?=
export PYTHONDONTWRITEBYTECODE :=  # tests take a third less to collect where they were compiled before
# Files stay whole, for what their tests share; in pytest's order, so that those with a browser come last.
TESTS := $(IN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST)

.PHONY: demo test check rebuild results engine static

demo: .venv/demo
	$(IN)/python app.py

test: .venv/test
	$(IN)/ruff format --check .
	$(IN)/ruff check .
	$(IN)/mypy
	$(TESTS)

check: .venv/test
	$(IN)/ruff format --check .
	$(IN)/ruff check .
	$(IN)/mypy
	$(TESTS) --dist worksteal -m "not browser and not training and not attacks"

rebuild: .venv/demo
	$(IN)/python -m dsn rebuild
	$(IN)/python -m dsn documents all

results: .venv/demo
	$(IN)/python -m dsn evaluate

static: .venv/demo
	$(IN)/python -m dsn static build/static

engine:
	cd dsn/ui/engine/source && npm install --no-audit --no-fund --no-package-lock && npm run build

.venv/demo: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 demo")'
	test -x $(IN)/python || $(PYTHON) -m venv .venv
	$(IN)/python -m pip install --quiet --upgrade pip
	$(IN)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/test: .venv/demo tests/requirements.txt
	$(IN)/python -m pip install --quiet -r tests/requirements.txt
	$(IN)/python tests/kit/find_browser.py
	-$(IN)/python tests/kit/postgres_server.py
	touch $@
