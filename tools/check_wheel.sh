#!/bin/sh
# Installs the wheel in an empty environment and runs the sample project from it, as somebody who has no checkout would.
set -eu
here=$(pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"${PYTHON:-python3}" -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements.lock"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "$here"/dist/*.whl
cd "$place"
venv/bin/dq init demo
cd demo
../venv/bin/dq check
../venv/bin/dq run
test -f output/published/truth.duckdb
test -f output/published/report.html
echo "the wheel works in an empty environment"
