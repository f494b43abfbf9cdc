"""`dq review decide`: pair by pair in the terminal, each decision written at once."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import out, project_option, waiting
from dq_pipeline.cli.reviewing import review
from dq_pipeline.cli.serving import user_name
from dq_pipeline.cli.speaking import lang_option, load_spoken, spoken, told
from dq_pipeline.errors import ConfigError

if TYPE_CHECKING:
    from dq_pipeline.config import Project
    from dq_pipeline.linkage.judgements import Judgement

_DECISIONS = {"s": "same", "d": "different", "u": "unsure"}
# As Ctrl-C, Ctrl-D and Escape say it too.
_QUIT = ("q", "\x03", "\x04", "\x1b")


@review.command("decide")
@project_option
@click.argument("entity", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many pairs at most.")
@click.option("--by", "decided_by", help="Who decides; asked for if left out.")
@click.option("--unmasked", is_flag=True, help="Show personal values in clear.")
@lang_option
def decide_(
    project_path: Path, entity: str | None, limit: int, decided_by: str | None, unmasked: bool, lang: str | None
) -> None:
    """Decide pair by pair in the terminal.

    The pairs of ENTITY, or of all, in the order of the report. Each key press is written at once, so that you can quit
    and go on later: what is decided is not asked again, unless a record changed. Personal values are masked.

    \b
    Examples:
      dq review decide customer
      dq review decide --by "Ann Lee" --unmasked
    """
    from dq_pipeline.deciding import waiting_pairs

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "deciding by keys needs a terminal, and this is none",
            remedy="`dq review export` writes the pairs as a sheet, `dq review import` takes it back",
        )
    project = load_spoken(project_path, lang)
    _ = spoken().gettext
    with waiting(_("reading the pairs")):
        found = waiting_pairs(project, entity, limit, unmasked=unmasked)
    before = [pair for pair in found.pairs if found.judgement(pair)]
    session = Session(project, [pair for pair in found.pairs if not found.judgement(pair)], len(before))
    if session.pairs:
        session.by = (decided_by or "").strip() or click.prompt(_("Decided by"), default=user_name()).strip()
        session.run()
    elif before:
        out.print(_("All pairs are decided (%(n)s). Next: dq run") % {"n": spoken().number(len(before))})
    else:
        out.print(_("No pair waits for a decision."))


@dataclass
class Session:
    """One sitting: the pairs that wait, where one is, and what was decided, the last one last."""

    project: "Project"
    pairs: list[dict[str, Any]]
    done_before: int
    by: str = ""
    at: int = 0
    why: str = ""
    decided: dict[int, "Judgement"] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Show, ask and write until all is decided or one quits."""
        self.help()
        self.show()
        while True:
            try:
                key = click.getchar()
            except (EOFError, KeyboardInterrupt):
                break
            if key in _QUIT or not self.press(key.lower()):
                break
        counts = {"decided": spoken().number(len(self.decided)), "left": spoken().number(self.open)}
        out.print(spoken().gettext("%(decided)s decided now, %(left)s left. Next: dq run") % counts)

    @staticmethod
    def help() -> None:
        """The keys."""
        _ = spoken().gettext
        out.print(
            _("s same, d different, u unsure, w why (said with the next decision), z undo, n next, p previous, q quit")
        )

    @property
    def open(self) -> int:
        """How many pairs still wait."""
        return len(self.pairs) - len(self.decided)

    def press(self, key: str) -> bool:
        """Do what a key means; false when every pair is decided."""
        if key in _DECISIONS:
            self.decide(_DECISIONS[key])
            return bool(self.open)
        if key == "z":
            self.undo()
        elif key == "w":
            self.why = click.prompt(spoken().gettext("Why"), default="", show_default=False).strip()
            out.print(spoken().gettext("It is said with your decision."))
        elif key in ("n", "p"):
            self.at = min(max(self.at + (1 if key == "n" else -1), 0), len(self.pairs) - 1)
            self.show()
        else:
            self.help()
        return True

    def decide(self, judgement: str) -> None:
        """Write a decision on the pair that is shown, and go to the next that waits."""
        from dq_pipeline.deciding import decide, pair_of

        pair, held = self.pairs[self.at], self.decided.get(self.at)
        try:
            self.decided[self.at] = decide(
                self.project,
                pair["entity"],
                pair_of(pair),
                judgement,
                decided_by=self.by,
                why=self.why,
                before=held.judgement if held else "",
            )
        except ConfigError as error:
            out.print(spoken().gettext("not saved"), escape(told(error)), style="bold")
            return
        self.why = ""
        if held is None:
            self.steps.append(self.at)
        out.print(spoken().gettext("%(judgement)s, saved") % {"judgement": f"[bold]{_word(judgement)}[/bold]"})
        rest = [place for place in range(len(self.pairs)) if place not in self.decided]
        if rest:
            self.at = next((place for place in rest if place > self.at), rest[0])
            self.show()

    def undo(self) -> None:
        """Take the last decision of this sitting out of the file again, and show its pair."""
        from dq_pipeline.deciding import take_back

        if not self.steps:
            out.print(spoken().gettext("There is nothing to undo in this sitting; decide a pair otherwise instead."))
            return
        place = self.steps.pop()
        try:
            take_back(self.project, self.pairs[place]["entity"], self.decided.pop(place))
        except ConfigError as error:
            out.print(spoken().gettext("not undone"), escape(told(error)), style="bold")
            return
        out.print(spoken().gettext("undone"))
        self.at = place
        self.show()

    def show(self) -> None:
        """The pair at hand: progress, both records side by side, what speaks for and against, what is at stake."""
        pair, count = self.pairs[self.at], spoken().number
        figures = {
            "place": count(self.done_before + self.at + 1),
            "all": count(self.done_before + len(self.pairs)),
            "decided": count(self.done_before + len(self.decided)),
        }
        heading = spoken().gettext("%(place)s of %(all)s, %(decided)s decided") % figures
        out.print(f"\n[bold]{heading}[/bold]")
        held = self.decided.get(self.at)
        if held:
            out.print(spoken().gettext("decided: %(judgement)s") % {"judgement": _word(held.judgement)})
        _print_pair(pair)


def _word(name: str) -> str:
    """A word that a table uses, as people say it."""
    return spoken().gettext(name.replace("_", " "))


def _print_pair(pair: dict[str, Any]) -> None:
    _ = spoken().gettext
    table = Table(box=None, pad_edge=False)
    for name in (_word(pair["entity"]), pair["record_id_l"], pair["record_id_r"], ""):
        # An id that is cut in two is none that one can copy.
        table.add_column(escape(name), overflow="fold", min_width=len(name))
    for one in pair["fields"]:
        cells = ["" if one[side] is None else escape(str(one[side])) for side in ("left", "right")]
        differs = one["agreement"] == "different"
        cells = [f"[bold]{cell}[/bold]" if differs else cell for cell in cells]
        mark = f"≠ {_word(one['agreement'])}" if differs else _word(one["agreement"])
        table.add_row(escape(_word(one["column"])), *cells, mark)
    out.print(table)
    if pair["evidence"]:
        listed = "; ".join(
            f"{_word(one['what'])} ({spoken().say(one['level'])}): {_word(one['words'])}"
            if one["level"]
            else f"{_word(one['what'])}: {_word(one['words'])}"
            for one in pair["evidence"]
        )
        told_of = {"listed": listed, "together": _word(pair["speaks"])}
        out.print(escape(_("Evidence: %(listed)s. Together: %(together)s.") % told_of))
    reason = ": ".join(
        ", ".join(_word(one.strip()) for one in part.split(",")) for part in (pair["reason"] or "unsure").split(":")
    )
    out.print(escape(_("Why it is asked: %(reason)s") % {"reason": reason}))
    if pair["open_orders"]:
        stake = {"n": spoken().number(pair["open_orders"]), "orders": ", ".join(pair["open_order_ids"][:5])}
        out.print(escape(_("Open orders at stake: %(n)s (%(orders)s)") % stake))
