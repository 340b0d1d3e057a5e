# Everything that is done here, as one types it: `uv run just` lists it, `uv run just check test` does both.

uv := quote(env("UV", "uv"))

[private]
default:
    @{{ quote(just_executable()) }} --list --unsorted

# lint, format, types, layers
check:
    {{ uv }} run ruff check
    {{ uv }} run ruff format --check
    {{ uv }} run mypy
    {{ uv }} run lint-imports --no-cache --no-logo

# all tests, notebooks and README included; arguments go to pytest
test *arguments:
    {{ uv }} run pytest {{ arguments }}

# the same, with all that takes long: every state on Bochs, three times as many random examples, new ones each time
exhaustive *arguments:
    NVMX_EXAMPLES=3 {{ uv }} run pytest --exhaustive {{ arguments }}

# correct what ruff can, and format
fix:
    {{ uv }} run ruff check --fix
    {{ uv }} run ruff format

# run the notebooks and write them back with their outputs; redraw the README's picture
notebooks *names:
    {{ uv }} run python notebooks/regenerate.py {{ names }}

# the tests without the notebooks, with the coverage of lines and branches; fails below the level in pyproject.toml
coverage:
    {{ uv }} run coverage run -m pytest tests nvmx README.md
    {{ uv }} run coverage report

# all states against a compiled loop, a click in the explorer, the start of the command (needs cc and chromium)
bench:
    {{ uv }} run python tests/benchmark/outcomes.py
    {{ uv }} run python tests/benchmark/clicks.py
    {{ uv }} run python tests/benchmark/page_clicks.py
    {{ uv }} run python tests/benchmark/start.py

# wheel and sdist in dist/; the wheel is tried where nothing else is installed
build:
    rm -rf dist
    {{ uv }} build
    {{ uv }} run --isolated --no-project --with dist/*.whl python -I -c \
        'import nvmx; print(nvmx.__file__, repr(nvmx.verdict("VMXON", "intel", cpl=3)))'
    {{ uv }} run --isolated --no-project --with dist/*.whl nvmx verdict VMXON intel cpl=3

# all editions of the course, or those named, in build/editions: site, lite, decks, handouts, card
editions *names:
    {{ uv }} run --group editions python docs/editions/build.py {{ names }}

# the editions that are built, in Chromium without any other host (needs chromium and npm)
check-editions *names:
    {{ uv }} run --group editions python docs/editions/check.py {{ names }}
