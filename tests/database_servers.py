"""Real databases on loopback, each in a folder of its own, started for the tests that need them and ended with them."""

import contextlib
import os
import pwd
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.servers import LOOPBACK, SECRET, free_port, program, running

ROWS = 30_000
MADE = "create table customers (id integer primary key, name varchar(60), spent numeric(12,2), since date, note text)"
FIRST = (
    "insert into customers values (1, 'Zoë O''Brien', 1234.50, '2020-02-29', null), (2, '', 0.10, '1999-12-31', '\"')"
)


@dataclass(frozen=True)
class Database:
    """A database: the address of it (a password as placeholder, the port open), and how to change it meanwhile."""

    kind: str
    port: int
    url: str
    execute: Callable[[str], None]

    def at(self, port: int | None = None) -> str:
        """The address, through a relay if a port is given."""
        return self.url.replace("{port}", str(port or self.port))


def _somebody(name: str, folder: Path) -> dict[str, object]:
    """The user that the server runs as: it refuses to run as root. He must get into the folder."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(name)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    for parent in folder.parents:
        if parent.stat().st_uid == 0 and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[Database]:
    """PostgreSQL that asks for a password."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path("/usr/bin")]
    command, make = program("postgres", str(newest[-1])), program("initdb", str(newest[-1]))
    port, data = free_port(), folder / "data"
    (folder / "password").write_text(SECRET, encoding="utf-8")
    somebody = _somebody("postgres", folder)
    made = [make, "-D", str(data), "-U", "night", "-A", "scram-sha-256", f"--pwfile={folder}/password", "-N"]
    subprocess.run([*made, "-E", "UTF8", "--locale=C"], check=True, capture_output=True, timeout=120, **somebody)  # type: ignore[call-overload]
    serve = [command, "-D", str(data), "-p", str(port), "-h", LOOPBACK, "-k", str(folder), "-F"]
    with running(serve, port, folder / "server.log", **somebody):
        import adbc_driver_postgresql.dbapi as driver

        def execute(statement: str) -> None:
            with driver.connect(
                f"postgresql://night:{quote(SECRET, safe='')}@{LOOPBACK}:{port}/postgres"
            ) as connection:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                connection.commit()

        _until_ready(execute)
        execute(MADE)
        execute(FIRST)
        execute(
            f"""insert into customers
            select n, 'name ' || n, n * 0.01, date '2000-01-01' + n % 5000, repeat('x', n % 90)
            from generate_series(3, {ROWS}) as n"""
        )
        yield Database("postgresql", port, "postgresql://night:${DQ_TEST_PASSWORD}@127.0.0.1:{port}/postgres", execute)


@contextlib.contextmanager
def mariadb(folder: Path) -> Iterator[Database]:
    """MariaDB, which speaks MySQL's protocol, with a user that has a password."""
    import pymysql

    command, make = program("mariadbd"), program("mariadb-install-db")
    port, data = free_port(), folder / "data"
    data.mkdir()
    start = folder / "start.sql"
    quoted = SECRET.replace("'", "''")
    start.write_text(
        f"""create database shop;
        create user night@'%' identified by '{quoted}';
        grant all on shop.* to night@'%';
        """,
        encoding="utf-8",
    )
    somebody = _somebody("mysql", folder)
    user = [f"--user={'mysql' if somebody else pwd.getpwuid(os.geteuid()).pw_name}"]
    made = [
        make,
        "--no-defaults",
        *user,
        f"--datadir={data}",
        "--skip-test-db",
        "--auth-root-authentication-method=normal",
    ]
    subprocess.run(made, check=True, capture_output=True, timeout=120)
    serve = [command, "--no-defaults", *user, f"--datadir={data}", f"--port={port}", f"--bind-address={LOOPBACK}"]
    serve += [
        f"--socket={folder}/s",
        f"--pid-file={folder}/pid",
        f"--init-file={start}",
        "--innodb-flush-log-at-trx-commit=0",
    ]
    with running(serve, port, folder / "server.log"):

        def execute(statement: str) -> None:
            login = {"host": LOOPBACK, "port": port, "user": "night", "password": SECRET, "database": "shop"}
            with contextlib.closing(pymysql.connect(**login, charset="utf8mb4")) as connection:  # type: ignore[arg-type]
                connection.cursor().execute(statement)
                connection.commit()

        _until_ready(execute)
        execute(MADE)
        execute(FIRST)
        execute(
            f"""insert into customers select seq, concat('name ', seq), seq * 0.01,
                date_add('2000-01-01', interval seq % 5000 day), repeat('x', seq % 90)
            from seq_3_to_{ROWS}"""
        )
        yield Database("mysql", port, "mysql://night:${DQ_TEST_PASSWORD}@127.0.0.1:{port}/shop", execute)


def _until_ready(execute: Callable[[str], None]) -> None:
    """A server answers on its port a moment before it lets anybody in."""
    end = time.monotonic() + 60
    while True:
        try:
            execute("select 1")
            return
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
