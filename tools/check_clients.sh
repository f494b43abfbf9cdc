#!/bin/sh
# Does the published file answer the cookbook to older DuckDB clients? Each is put into an empty environment.
# Usage: sh tools/check_clients.sh [FILE] [VERSION]...
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
file=${1:-$here/output/published/truth.duckdb}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- 1.2.2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for version in "$@"; do
    "${PYTHON:-python3}" -m venv "$work/$version"
    "$work/$version/bin/pip" install --quiet --disable-pip-version-check --no-deps "duckdb==$version"
    "$work/$version/bin/python" - "$file" "$here/docs/cookbook.md" <<'END'
import re
import sys

import duckdb

truth = duckdb.connect(sys.argv[1], read_only=True)
with open(sys.argv[2], encoding="utf-8") as page:
    queries = re.findall(r"```sql\n(.*?)```", page.read(), re.S)
assert queries
for query in queries:
    assert truth.execute(query).fetchall(), query
tables = truth.execute("select table_schema, table_name from information_schema.tables").fetchall()
for schema, table in tables:
    truth.execute(f'select * from {schema}."{table}"').fetchmany(5)
print(f"DuckDB {duckdb.__version__}: {len(queries)} queries answered, {len(tables)} tables read")
END
done
