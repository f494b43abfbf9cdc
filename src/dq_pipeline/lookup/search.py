"""A search in the index of a published file, which is attached for reading: a run may go on meanwhile.

What is asked is put into keys in memory, by the same macros that made the index. Nothing that is asked is kept.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dq_pipeline.config import Project
from dq_pipeline.config.lookup import Lookup
from dq_pipeline.errors import ConfigError
from dq_pipeline.lookup.index import CARDS, KEYS
from dq_pipeline.sql import load_macros
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, file_literal, literal, quoted

MAX_TEXT = 400
MAX_CHARACTER = 0x10FFFF
# A score is 0 to 1. Below LEAST nothing is like what was asked for; below SURE, words spelled nearly alike are tried.
LEAST, SURE = 0.6, 0.85
# How far behind the best a candidate may be; and how alike a name must be to be a namesake's.
BEHIND, NAMESAKE = 0.2, 0.94
# How alike a word must be to be suggested where nothing is found.
ALIKE = 0.7
_MOST_KEYS, _MOST_NAMESAKES, _NEAR_WORDS = 100, 5, 4


@dataclass(frozen=True)
class Reason:
    """Why a candidate was found: the kind of key, what was found, and how well it fits (0 to 1)."""

    kind: str
    title: str
    shown: str
    score: float


@dataclass(frozen=True)
class Candidate:
    """A master that the text may mean; `card` is None where the night holds no record of it."""

    master_id: str
    score: float
    reasons: tuple[Reason, ...]
    card: dict[str, Any] | None = None


@dataclass(frozen=True)
class Answer:
    """What a text may mean: the best candidates, how many there were in all, and the namesakes of the first.

    `tried` are words spelled nearly as asked by which more was found; `suggestions` are words that the index has and
    the text has not, where nothing was found.
    """

    text: str
    candidates: tuple[Candidate, ...] = ()
    found: int = 0
    tried: tuple[str, ...] = ()
    namesakes: tuple[Candidate, ...] = ()
    namesakes_found: int = 0
    suggestions: tuple[str, ...] = ()


@dataclass
class _Hits:
    """The keys of one question, and the reasons found by them."""

    asked: list[dict[str, Any]]
    reasons: list[dict[str, Any]] = field(default_factory=list)

    @property
    def best(self) -> float:
        return max((float(row["score"]) for row in self.reasons), default=0.0)


class Search:
    """Searches in one published file; close it after. It keeps the file open, so every answer is of one night."""

    def __init__(self, project: Project, published: Path) -> None:
        declared = project.settings.lookup
        if declared is None:
            raise ConfigError(
                "this project does not say what is looked up",
                where=project.file,
                remedy="declare `lookup:` as in docs/guides/lookup.md, and run `dq run`",
            )
        self.declared: Lookup = declared
        self.id_column = project.entity(declared.entity).id_column
        resources = project.settings.resources
        self.warehouse = Warehouse(memory_limit=resources.memory_limit, threads=resources.threads)
        try:
            self._open(project, published)
        except BaseException:
            self.warehouse.close()
            raise

    def _open(self, project: Project, published: Path) -> None:
        warehouse = self.warehouse
        warehouse.attach(published, "truth")
        known = """select count(*) from information_schema.tables
            where table_catalog = 'truth' and table_schema || '.' || table_name in (?, ?)"""
        if warehouse.value(known, [KEYS, CARDS]) != 2:
            raise ConfigError(
                "the published night has no index to look anything up in",
                where=published,
                remedy="it was made before `lookup:` was declared; `dq run` makes a new one",
            )
        load_macros(warehouse)
        select = project.sql("lookup", self.declared.asked)
        for path in project.lookups():
            if re.search(rf"\blookup\.{re.escape(path.stem)}\b", select):
                reader = f"read_csv({file_literal(path)}, header = true, all_varchar = true)"
                warehouse.build(f"lookup.{path.stem}", f"select * from {reader}")
        warehouse.execute("create table lookup.asked (text varchar)")
        kinds = ", ".join(
            f"({literal(name)}, {number}, {kind.weight})" for number, (name, kind) in enumerate(self._kinds())
        )
        warehouse.build("lookup.kinds", f"select * from (values {kinds}) as kinds(kind, kind_no, weight)")
        warehouse.build_view("lookup.asked_keys", select, where=project.sql_path("lookup", self.declared.asked))

    def _kinds(self) -> Sequence[tuple[str, Any]]:
        return list(self.declared.kinds.items())

    def close(self) -> None:
        """Let the file go."""
        self.warehouse.close()

    def __enter__(self) -> "Search":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def find(self, text: str, limit: int = 5) -> Answer:
        """The best `limit` candidates for a text, with their cards, and the namesakes of the first."""
        hits = self._hits(text)
        tried: tuple[str, ...] = ()
        if hits.best < SURE:
            tried = self._try_near(hits)
        candidates = self._ranked(hits.reasons)
        shown = self._with_cards(candidates[:limit])
        namesakes = self._namesakes(shown[0]) if shown else []
        return Answer(
            text=text,
            candidates=tuple(shown),
            found=len(candidates),
            tried=tried,
            namesakes=tuple(self._with_cards(namesakes[:_MOST_NAMESAKES])),
            namesakes_found=len(namesakes),
            suggestions=() if shown else tuple(dict.fromkeys(word for _, word in self._near_words(hits, ALIKE))),
        )

    def _hits(self, text: str, *, names_only: bool = False) -> _Hits:
        """The keys that a text may mean, and what the index has under them."""
        self.warehouse.execute("delete from lookup.asked")
        self.warehouse.execute("insert into lookup.asked values (?)", [text])
        asked = self.warehouse.records("select kind, key, compared from lookup.asked_keys where key is not null")
        known = {name for name, kind in self._kinds() if kind.is_name or not names_only}
        chosen = sorted(
            (row for row in asked if row["kind"] in known),
            key=lambda row: (row["kind"], row["key"], row["compared"] or ""),
        )
        hits = _Hits(chosen[:_MOST_KEYS])
        hits.reasons = self._matches(hits.asked)
        return hits

    def _matches(self, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The reasons under these keys that fit at least a little, the best first."""
        if not asked:
            return []
        reads = [
            f"""select keys.kind, keys.key, keys.master_id, keys.shown, keys.compared, keys.beside,
                cast({literal(compared)} as varchar) as asked from truth.{KEYS} as keys
            where keys.kind in ({_literals(kinds)}) and keys.key in ({_literals(keys)})"""
            for compared, keys, kinds in _reads(asked)
        ]
        select = f"""select found.*, kinds.kind_no, kinds.weight from ({" union all ".join(reads)}) as found
            join lookup.kinds on kinds.kind = found.kind"""
        self.warehouse.build_view("lookup.hits", select)
        matches = engine_select("lookup", "matches")
        return self.warehouse.records(
            f"""select kind, master_id, shown, is_exact, score, alike from ({matches}) as matches
            where score >= {LEAST} order by score desc, alike desc, master_id, kind, shown limit 2000"""
        )

    def _try_near(self, hits: _Hits) -> tuple[str, ...]:
        """Add what is found by names spelled nearly as asked; the words that were tried with success."""
        near = [row | {"key": word} for row, word in self._near_words(hits, 0.85)]
        if not near:
            return ()
        before = hits.best
        hits.reasons = self._matches([*hits.asked, *near])
        return tuple(dict.fromkeys(row["key"] for row in near)) if hits.best > before else ()

    def _near_words(self, hits: _Hits, least: float) -> list[tuple[dict[str, Any], str]]:
        """Words of names that are at least so much like those that were asked for, and begin as they do."""
        found = []
        for row in hits.asked:
            key = row["key"]
            if not self.declared.kinds[row["kind"]].is_name or len(key) < 3:
                continue
            alike = self.warehouse.rows(
                f"""select distinct key, std_similarity(key, $1) as likeness from truth.{KEYS}
                where kind = $2 and key >= $3 and key < $4 and key <> $1 and length(key) > 2
                and std_similarity(key, $1) >= $5
                order by likeness desc, key limit {_NEAR_WORDS}""",
                [key, row["kind"], key[0], chr(min(ord(key[0]) + 1, MAX_CHARACTER)), least],
            )
            found += [(row, str(word)) for word, _ in alike]
        return found

    def _ranked(self, reasons: Sequence[dict[str, Any]]) -> list[Candidate]:
        """Candidates from the best on, each with its reasons; far behind the best, none counts.

        Where a key alone decides (a number, an e-mail), what is merely like the text does not count.
        """
        sure = {row["master_id"] for row in reasons if row["is_exact"] and row["score"] >= SURE}
        reasons = [row for row in reasons if not sure or row["master_id"] in sure]
        best = max((float(row["score"]) for row in reasons), default=0.0)
        grouped: dict[str, list[dict[str, Any]]] = {}
        for row in reasons:
            if row["score"] >= best - BEHIND:
                grouped.setdefault(str(row["master_id"]), []).append(row)
        order = {name: place for place, (name, _) in enumerate(self._kinds())}
        found = []
        for master_id, rows in grouped.items():
            rows.sort(key=lambda row: (-row["score"], order[row["kind"]], -row["alike"], row["shown"]))
            told = {row["shown"]: row for row in reversed(rows)}
            listed = [row for row in rows if told[row["shown"]] is row][:4]
            why = tuple(
                Reason(row["kind"], self.declared.kinds[row["kind"]].title, row["shown"], float(row["score"]))
                for row in listed
            )
            found.append((Candidate(master_id, why[0].score, why), max(row["alike"] for row in rows)))
        found.sort(key=lambda pair: (-pair[0].score, -pair[1], pair[0].master_id))
        return [candidate for candidate, _ in found]

    def _with_cards(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        if not candidates:
            return []
        listed = _literals([candidate.master_id for candidate in candidates])
        column = quoted(self.id_column)
        cards = self.warehouse.records(f"select * from truth.{CARDS} where {column} in ({listed})")
        by_id = {str(card[self.id_column]): card for card in cards}
        return [Candidate(one.master_id, one.score, one.reasons, by_id.get(one.master_id)) for one in candidates]

    def _namesakes(self, first: Candidate) -> list[Candidate]:
        """Others of the same name, so far as names are told apart: who is easily taken for the first."""
        name = first.card.get("name") if first.card else None
        if not name:
            return []
        hits = self._hits(str(name), names_only=True)
        weights = {kind: declared.weight for kind, declared in self._kinds()}
        alike = [row for row in hits.reasons if row["score"] >= NAMESAKE * weights[row["kind"]]]
        return [one for one in self._ranked(alike) if one.master_id != first.master_id]


def _reads(asked: Sequence[dict[str, Any]]) -> list[tuple[str | None, tuple[str, ...], list[str]]]:
    """What is compared, keys and kinds of each read of the index: kinds with the same keys are read together."""
    keys: dict[tuple[str, str | None], set[str]] = {}
    for row in asked:
        keys.setdefault((row["kind"], row["compared"]), set()).add(row["key"])
    reads: dict[tuple[str | None, tuple[str, ...]], list[str]] = {}
    for (kind, compared), listed in keys.items():
        reads.setdefault((compared, tuple(sorted(listed))), []).append(kind)
    return [(compared, listed, kinds) for (compared, listed), kinds in reads.items()]


def _literals(values: Sequence[str]) -> str:
    return ", ".join(literal(value) for value in values)
