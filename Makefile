# Two commands: `make serve` reads the course, `make test` proves it.
# They set up all they need; a second run does again only what has changed.

.DEFAULT_GOAL := help
.PHONY: help serve test env torch lint format types unit notebooks lite pdf book browser \
        coverage notebooks-run address benchmarks colab floors clean

PYTHON_ENV := .venv/bin/python
PYTEST := $(PYTHON_ENV) -m pytest

# One thread for each process: two run side by side, and sums round alike everywhere.
export OMP_NUM_THREADS ?= 1
# The kernel of .venv, not one of the user's; no remarks about it.
export JUPYTER_PREFER_ENV_PATH := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
# A backend of the user's would keep the pictures out of the notebooks.
unexport MPLBACKEND
# A progress bar shows only on a slow machine: stored outputs must not know of it.
export VGCOURSE_PROGRESS := off

help:                 ## say what there is
	@sed -n 's/^\([a-z-]*\): .*## */  make \1|/p' Makefile | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

serve:                ## build the course and serve it on this machine
	@echo "[1/3] Environment"
	@sh tools/environment.sh
	@echo "[2/3] Book"
	@$(PYTHON_ENV) tools/lite.py
	@$(PYTHON_ENV) tools/build_book.py
	@echo "[3/3] Serving the course"
	@$(PYTHON_ENV) tools/serve.py

test: env             ## lint, types, unit tests, notebooks here and as in Colab, PDF, book, browser tests
	@$(PYTHON_ENV) tools/steps.py lint types unit notebooks colab , pdf book browser

env:                  ## make .venv, with the pinned requirements
	@sh tools/environment.sh

torch: env            ## add the CPU build of PyTorch, for the comparisons with it
	@sh tools/torch.sh

lint: env             ## ruff and codespell
	@status=0; for tool in "ruff check" "ruff format --check" codespell_lib; do \
	    echo "$$tool"; $(PYTHON_ENV) -m $$tool || status=1; \
	done; exit $$status

format: env           ## let ruff mend what it can
	$(PYTHON_ENV) -m ruff check --fix
	$(PYTHON_ENV) -m ruff format

types: env            ## mypy, strict
	@$(PYTHON_ENV) -m mypy

unit: env             ## unit tests, and the hygiene of the notebooks
	@VGCOURSE_REQUIRE="$(filter torch,$(VGCOURSE_REQUIRE))" $(PYTEST) tests/test_*.py

notebooks: env        ## run every notebook and compare with what is stored (nbval)
	@$(PYTEST) --nbval notebooks

pdf: env              ## print the whole course as book/_build/vgcourse.pdf, if it has changed
	@VGCOURSE_CHROMIUM="$$($(PYTHON_ENV) tools/browser.py)" && export VGCOURSE_CHROMIUM && \
	$(PYTHON_ENV) tools/build_pdf.py

lite: env             ## build the course for the reader's own browser (JupyterLite)
	@$(PYTHON_ENV) tools/lite.py

book: lite            ## build the book, if something in it has changed
	@$(PYTHON_ENV) tools/build_book.py

# `make test` has built both one step before, and says so.
browser: env $(if $(filter book,$(VGCOURSE_STEPS)),,pdf book)  ## drive the built pages in Chromium
	@VGCOURSE_CHROMIUM="$$($(PYTHON_ENV) tools/browser.py)" && export VGCOURSE_CHROMIUM && \
	VGCOURSE_REQUIRE="$(filter browser lite,$(VGCOURSE_REQUIRE))" $(PYTEST) tests/browser -n 2 --dist loadgroup

coverage: env         ## unit tests with branch coverage: 100 % of the compute rooms
	@$(PYTEST) tests/test_*.py --cov --cov-branch --cov-report=term-missing:skip-covered
	@$(PYTHON_ENV) -m coverage report --omit='*/explorers/*' --fail-under=100 > /dev/null || \
	{ echo "A compute room is not covered to 100 %."; exit 1; }

notebooks-run: env    ## run every notebook and store normalized outputs
	@$(PYTHON_ENV) tools/run_notebooks.py $(NOTEBOOKS)

address: env          ## write the repository's address everywhere (ADDRESS=https://… sets it)
	@$(PYTHON_ENV) tools/address.py $(ADDRESS)

benchmarks: env       ## the speeds the course promises, as ratios
	@for file in benchmarks/*.py; do echo "$$file"; $(PYTHON_ENV) $$file || exit 1; done

colab: env            ## run every notebook on Colab's releases, in a kernel like Colab's
	@sh tools/pinned.sh colab python3.13 python3.12
	@VGCOURSE_REQUIRE= $(PYTEST) tests/colab

floors: env           ## unit tests on the oldest releases that pyproject.toml allows
	@sh tools/pinned.sh floors
	@.make/floors/bin/python -m pytest -p no:cacheprovider \
	    $(filter-out tests/test_typeset.py,$(sort $(wildcard tests/test_*.py))) \
	    -W 'ignore:Deprecated in traitlets 4.1:DeprecationWarning' \
	    -W 'ignore:The `ipykernel.comm.Comm` class:DeprecationWarning'

clean:                ## remove what was built (the environment stays)
	rm -rf .make book/_build
