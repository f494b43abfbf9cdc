"""Every channel is told what is news to it, all at the same time and none for longer than its timeout."""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dq_pipeline.config import Project
from dq_pipeline.config.secrets import fill, redact
from dq_pipeline.config.telling import AnyChannel, ChatChannel, CommandChannel, EmailChannel, WebhookChannel
from dq_pipeline.errors import DqError
from dq_pipeline.language import speak
from dq_pipeline.telling.change import Manifest, News, news
from dq_pipeline.telling.forms import mail, slack, teams
from dq_pipeline.telling.message import Message, build_message, document_of
from dq_pipeline.telling.sending import Deadline, NotTold, hand_over, post, signature, submit
from dq_pipeline.telling.wording import worded

# Beyond a channel's timeout: what the system takes to give up a name or a connection that hangs.
GRACE = 1.0


@dataclass(frozen=True)
class Told:
    """What became of one channel's message: kept in the manifest. `reason` is why it was not sent, without secrets."""

    channel: str
    type: str
    sent: bool
    reason: str | None
    seconds: float

    @property
    def entry(self) -> dict[str, object]:
        """As the manifest and the log have it."""
        return asdict(self)


def notify(project: Project, tonight: Manifest, before: Sequence[Manifest]) -> list[Told]:
    """Tell every channel for which the attempt is news. Raises nothing: what failed is in the answer."""
    due: list[tuple[AnyChannel, News]] = []
    for channel in project.settings.notify:
        why = news(tonight, before, channel, project)
        if why is not None:
            due.append((channel, why))
    return tell(project, tonight, before, due)


def tell(
    project: Project,
    tonight: Manifest,
    before: Sequence[Manifest],
    due: Sequence[tuple[AnyChannel, News]],
    *,
    is_test: bool = False,
) -> list[Told]:
    """Send each channel its message, at once and side by side."""
    tellers = [_Telling(project, tonight, before, channel, why, is_test) for channel, why in due]
    for teller in tellers:
        teller.start()
    return [teller.wait() for teller in tellers]


class _Telling(threading.Thread):
    """One channel's message under way. A daemon: a receiver that never answers does not keep the process alive."""

    def __init__(
        self,
        project: Project,
        tonight: Manifest,
        before: Sequence[Manifest],
        channel: AnyChannel,
        why: News,
        is_test: bool,
    ) -> None:
        super().__init__(name=f"tell {channel.title}", daemon=True)
        self.project, self.channel = project, channel
        self.about = (tonight, before, why, is_test)
        self.began = time.monotonic()
        self.deadline = Deadline.after(channel.timeout)
        self.answer: Told | None = None

    def run(self) -> None:
        """Build the message and send it; whatever goes wrong is the answer."""
        try:
            tonight, before, why, is_test = self.about
            message = build_message(self.project, tonight, before, self.channel, why, is_test=is_test)
            send(self.project, self.channel, message, self.deadline)
        except (NotTold, DqError) as fault:
            self.answer = self._told(fault.message if isinstance(fault, DqError) else str(fault))
        except Exception as fault:
            self.answer = self._told(f"an unforeseen fault: {type(fault).__name__}")
        else:
            self.answer = self._told(None)

    def wait(self) -> Told:
        """The answer, at the latest a moment after the deadline."""
        self.join(max(0.0, self.deadline.at - time.monotonic()) + GRACE)
        return self.answer or self._told("no answer in time")

    def _told(self, reason: str | None) -> Told:
        seconds = round(time.monotonic() - self.began, 3)
        shown = redact(reason) if reason else None
        return Told(self.channel.title, self.channel.type, reason is None, shown, seconds)


def send(project: Project, channel: AnyChannel, message: Message, deadline: Deadline) -> None:
    """Send one channel's message. Raises NotTold, or ConfigError where a secret is not set."""
    language = speak(project.settings.language, project.catalogues)
    words = worded(message, language)
    ca_file = getattr(channel, "ca_file", None)
    ca_file = project.root / ca_file if ca_file else None
    if isinstance(channel, CommandChannel):
        hand_over(channel.run, document_of(message), project.root, deadline)
    elif isinstance(channel, EmailChannel):
        user, password = (fill(text, where=project.file) if text else "" for text in (channel.user, channel.password))
        host = fill(channel.host, where=project.file)
        made = mail(words, message, channel, language.name)
        submit(made, host, channel.port, channel.security, (user, password) if user else None, deadline, ca_file)
    elif isinstance(channel, ChatChannel):
        body = (slack if channel.type == "slack" else teams)(words, message.link)
        post(fill(channel.url, where=project.file), _bytes(body), {}, deadline, ca_file)
    else:
        _post_document(project, channel, message, deadline)


def _post_document(project: Project, channel: WebhookChannel, message: Message, deadline: Deadline) -> None:
    body = _bytes(document_of(message))
    headers = {"Idempotency-Key": f"{message.run_id}/{message.attempt}/{channel.title}"}
    if channel.secret:
        timestamp = str(int(time.time()))
        signed = signature(fill(channel.secret, where=project.file), timestamp, body)
        headers |= {"X-DQ-Timestamp": timestamp, "X-DQ-Signature": signed}
    ca_file = project.root / channel.ca_file if channel.ca_file else None
    post(fill(channel.url, where=project.file), body, headers, deadline, ca_file)


def _bytes(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
