"""A message in words: headline, paragraphs and lists, in the project's language; chats and mails lay them out."""

from collections.abc import Sequence
from dataclasses import dataclass

from dq_pipeline.language import Language
from dq_pipeline.telling.message import Figure, Message, Trouble


@dataclass(frozen=True)
class Part:
    """A paragraph with its heading (may be empty) and lines."""

    heading: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Worded:
    """A message to be read: `is_good` where nothing is wrong; `button` is written on what opens the report."""

    headline: str
    parts: Sequence[Part]
    is_good: bool
    button: str

    @property
    def text(self) -> str:
        """Everything as plain text."""
        pieces = [self.headline]
        for part in self.parts:
            pieces.append("\n".join([part.heading] * bool(part.heading) + [f"- {line}" for line in part.lines]))
        return "\n\n".join(pieces) + "\n"


def worded(message: Message, language: Language) -> Worded:
    """The message in a language."""
    _ = language.gettext
    parts = [Part("", _opening(message, language))]
    if message.error:
        parts.append(Part(_("What failed"), _error_lines(message, language)))
    if message.breaches:
        lines = [_breach_line(trouble, language) for trouble in message.breaches]
        if message.more_breaches:
            lines.append(_("and %(count)s more: see the report") % {"count": language.number(message.more_breaches)})
        parts.append(Part(_("Breached limits"), lines))
    if message.figures:
        heading = _("Figures; in brackets those of %(run)s") % {"run": message.compared_with}
        heading = heading if message.compared_with else _("Figures")
        parts.append(Part(heading, [_figure_line(figure, language) for figure in message.figures]))
    if message.plan:
        parts.append(Part(_("What to repair first"), [_plan_line(one, language) for one in message.plan]))
    parts.append(Part(_("Next step"), _next_lines(message, language)))
    return Worded(_headline(message, language), parts, message.verdict == "published", _("Open the report"))


def _headline(message: Message, language: Language) -> str:
    _ = language.gettext
    names = {"title": language.say(message.title), "run": message.run_id}
    if message.is_test:
        return _("%(title)s: this is a test, no night (%(run)s)") % names
    if message.verdict == "published":
        if message.before in {"held", "failed"}:
            return _("%(title)s: published again (%(run)s)") % names
        return _("%(title)s: published (%(run)s)") % names
    if message.verdict == "held":
        return _("%(title)s: held back, nothing was published (%(run)s)") % names
    return _("%(title)s: failed, nothing was published (%(run)s)") % names


def _opening(message: Message, language: Language) -> list[str]:
    _ = language.gettext
    if message.is_test:
        return [_("If you can read this, the channel works. The figures are those of the last run.")]
    if message.before is None:
        first = _("It is the first night that this channel is told of.")
    elif message.before != message.verdict:
        first = _("The night before was: %(verdict)s.") % {"verdict": _(message.before)}
    else:
        first = _("The verdict is that of the night before.")
    new = sum(trouble.is_new for trouble in message.breaches)
    if not new or message.before is None:
        return [first]
    counted = language.ngettext("%(count)s breach is new.", "%(count)s breaches are new.", new)
    return [first, counted % {"count": language.number(new)}]


def _error_lines(message: Message, language: Language) -> list[str]:
    error = message.error or {}
    return [language.say(text) for text in (error.get("message"), error.get("remedy")) if text]


def _breach_line(trouble: Trouble, language: Language) -> str:
    _ = language.gettext
    names = {
        "gate": _(trouble.gate.replace("_", " ")),
        "where": trouble.where,
        "message": language.say(trouble.message),
        "remedy": language.say(trouble.remedy),
    }
    if trouble.is_new:
        return _("new: %(gate)s, %(where)s: %(message)s. What to do: %(remedy)s") % names
    return _("%(gate)s, %(where)s: %(message)s. What to do: %(remedy)s") % names


def _figure_line(figure: Figure, language: Language) -> str:
    _ = language.gettext
    labels = {
        "rows": _("rows read"),
        "quarantined": _("rows in quarantine"),
        "masters": _("masters of %(entity)s") % {"entity": _(figure.entity)},
        "score": _("overall score"),
    }

    def written(value: float) -> str:
        return f"{language.number(value * 100, 2)}%" if figure.what == "score" else language.number(value)

    line = f"{labels[figure.what]}: {written(figure.tonight)}"
    return line if figure.before is None else f"{line} ({written(figure.before)})"


def _plan_line(action: object, language: Language) -> str:
    _ = language.gettext
    one = dict(action)  # type: ignore[call-overload]
    names = {
        "code": one["code"],
        "title": language.say(str(one["title"])),
        "rows": language.number(one["rows"] or 0),
        "owner": language.say(str(one["owner"])),
    }
    return _("%(code)s %(title)s: %(rows)s rows, owner %(owner)s") % names


def _next_lines(message: Message, language: Language) -> list[str]:
    _ = language.gettext
    if message.verdict == "held":
        step = _("Read the report, put right what it names, then `dq run` again. What was published before stays.")
    elif message.verdict == "failed":
        step = _("Put right what failed, then `dq run` again. What was published before stays.")
    else:
        step = _("Nothing has to be done for the night.")
    if message.link:
        return [step, _("Report: %(place)s") % {"place": message.link}]
    return [step, _("Report: %(place)s on %(host)s") % {"place": message.report, "host": message.host}]
