"""
Webhooks: an alert for a program on the network.

    destinations:
      chat:
        webhook: "https://chat.example.org/hook"
        headers: {authorization: "Bearer ${file:/etc/collector/chat.token}"}
        body: {text: "{{ title }}", fields: {host: "{{ hostname }}"}}

Without ``body`` the alert is sent as JSON. A body written as a mapping or a list is JSON too: each text in it is a
template, and whatever a message contains, it stays the text it stands in. A body written as text is plain text.

Each request has ``X-Alert-Id`` and ``Idempotency-Key``, the same at every try. It is tried again when there was no
answer, and after 408, 425, 429 and 5xx, not before the time that ``Retry-After`` gives (RFC 9110 §10.2.3); every other
answer but 2xx is final. Redirections are not followed: a secret would go where it was not meant for. Proxies are those
of the service's environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), or ``proxy``. Certificates are always verified.
"""

import contextlib
import re
import ssl
import time
import urllib.request
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from collector.actions import DeliveryError, Reach, Surroundings
from collector.actions.connection import Watchdog
from collector.actions.message import Message, as_json, one_line
from collector.actions.webhook_options import WebhookOptions
from collector.config.secrets import SecretError
from collector.config.values import format_duration
from collector.rules.fields import TemplateNames
from collector.templates import compile_template

if TYPE_CHECKING:
    import httpx2

_AGAIN = frozenset((408, 425, 429))
_SAID = 2000
"""Bytes of an answer that are read for the log."""

_LONGEST_WAIT = 86_400.0

_ERRNO = re.compile(r"^\[Errno -?\d+\] ", re.ASCII)

_Body = Callable[[Message], bytes]


class WebhookAction:
    Options = WebhookOptions

    def __init__(self, options: WebhookOptions, names: TemplateNames, _around: Surroundings) -> None:
        self._options = options
        self._type, self._body = _body(options, names)

    def deliver(self, message: Message, _left: Any) -> None:
        import httpx2  # noqa: PLC0415 - an extra, and 90 ms that only those pay who have webhooks

        try:
            url = self._options.webhook.reveal()
            headers = self._headers(message)
            proxy = self._proxy(url)
        except SecretError as error:
            raise DeliveryError(str(error), reason="secret", again=True, reach="all") from error
        with Watchdog(self._options.timeout) as watchdog:
            try:
                with (
                    self._client(proxy) as client,
                    client.stream(
                        self._options.method, url, content=self._body(message), headers=headers,
                        extensions={"trace": _watcher(watchdog)},
                    ) as answer,
                ):  # fmt: skip
                    self._judge(answer)
            except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
                raise self._explained(error, watchdog) from None  # the cause may show a secret

    def preview(self, message: Message) -> str:
        return one_line(f"{self._options.label}: {self._body(message).decode()}")

    def close(self) -> None:
        """Each delivery has its own connection."""

    def _client(self, proxy: str | None) -> "httpx2.Client":
        """Raises DeliveryError: there is no such proxy."""
        import httpx2  # noqa: PLC0415 - as above

        try:
            return httpx2.Client(
                verify=self._tls,
                trust_env=False,  # it would read passwords from ~/.netrc
                proxy=proxy,
                timeout=self._options.timeout,
                limits=httpx2.Limits(max_keepalive_connections=0),
            )
        except (ValueError, ImportError, httpx2.InvalidURL):
            if proxy is None:
                raise
            text = f"{self._options.label}: the address of its proxy cannot be used, write http://HOST:PORT"
            raise DeliveryError(text, reason="proxy", again=True, reach="all") from None  # it may show a secret

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._options.ca)

    def _proxy(self, url: str) -> str | None:
        """Raises SecretError."""
        chosen = self._options.proxy
        if chosen is not None:
            return None if chosen.written == "none" else _with_scheme(chosen.reveal())
        scheme, _, rest = url.partition("://")
        if urllib.request.proxy_bypass(rest.partition("/")[0].rpartition("@")[2]):
            return None
        found = urllib.request.getproxies().get(scheme)
        return found and _with_scheme(found)

    def _headers(self, message: Message) -> list[tuple[bytes, bytes]]:
        """Raises SecretError."""
        given = {name.lower(): text.reveal() for name, text in self._options.headers.items()}
        all_of_them = {
            "content-type": self._type, "user-agent": "collector", **given,
            "x-alert-id": one_line(message.id), "idempotency-key": one_line(message.id),
        }  # fmt: skip
        return [(name.encode(), text.strip().encode()) for name, text in all_of_them.items()]

    def _judge(self, answer: "httpx2.Response") -> None:
        if answer.is_success:
            return
        code = answer.status_code
        again = code in _AGAIN or code >= 500
        said = one_line(_beginning(answer).decode(errors="replace"), 200)
        text = f"{self._options.label} answers {code} {answer.reason_phrase}".rstrip() + (f": {said}" if said else "")
        after = wait_of(answer.headers.get("retry-after"), time.time()) if again else None
        raise DeliveryError(one_line(text), reason=f"http_{code}", again=again, after=after)

    def _explained(self, error: Exception, watchdog: Watchdog) -> DeliveryError:
        import httpx2  # noqa: PLC0415 - as above

        label = self._options.label
        if watchdog.barked or isinstance(error, httpx2.TimeoutException):
            text = f"{label} did not answer within {format_duration(self._options.timeout)}"
            reach: Reach = "all" if isinstance(error, httpx2.ConnectTimeout) else "alert"
            return DeliveryError(text, reason="timeout", again=True, reach=reach)
        match error:
            case httpx2.InvalidURL() | httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
                text = f"the address or a header for {label} cannot be used, with the secrets that are in it"
                return DeliveryError(text, reason="request", again=True, reach="all")
            case httpx2.ProxyError():
                text = f"the proxy does not let us to {label}: {error}"
            case httpx2.RemoteProtocolError():
                text = f"{label} hung up, or its answer is no HTTP"
            case _:
                text = f"{label} cannot be reached: {_ERRNO.sub('', str(error))}"
        reach = "all" if isinstance(error, httpx2.ConnectError | httpx2.ProxyError) else "alert"
        return DeliveryError(one_line(text, 500), reason="connection", again=True, reach=reach)


def _with_scheme(proxy: str) -> str:
    """``proxy:3128`` is what other programs read in such variables too."""
    return proxy if "://" in proxy else f"http://{proxy}"


def _body(options: WebhookOptions, names: TemplateNames) -> tuple[str, _Body]:
    """The type of the content, and what makes it."""
    if options.body is None:
        return "application/json", lambda message: message.json.encode()
    if isinstance(options.body, str):
        template = compile_template(options.body, allowed=names)
        return "text/plain; charset=utf-8", lambda message: message.fill_or_say(template).encode()
    fill = _filler(options.body, names)
    return "application/json", lambda message: as_json(fill(message)).encode()


def _filler(value: Any, names: TemplateNames) -> Callable[[Message], Any]:
    """What makes the same structure with its texts filled. They become JSON afterwards, so none can end another."""
    match value:
        case str():
            template = compile_template(value, allowed=names)
            return lambda message: message.fill_or_say(template)
        case dict():
            items = {key: _filler(item, names) for key, item in value.items()}
            return lambda message: {key: fill(message) for key, fill in items.items()}
        case list():
            parts = [_filler(item, names) for item in value]
            return lambda message: [fill(message) for fill in parts]
        case _:
            return lambda _message: value


def _watcher(watchdog: Watchdog) -> Callable[[str, dict[str, Any]], None]:
    """Hears of each step of a request (its extension ``trace``): of the connection, as soon as there is one."""

    def trace(event: str, information: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            watchdog.watch(information["return_value"].get_extra_info("socket"))

    return trace


def _beginning(answer: "httpx2.Response") -> bytes:
    """What comes of it: the status has been told already."""
    import httpx2  # noqa: PLC0415 - as above

    with contextlib.suppress(httpx2.HTTPError):
        return next(answer.iter_bytes(_SAID), b"")
    return b""


def wait_of(value: str | None, now: float) -> float | None:
    """Seconds to wait by a header ``Retry-After``, a number of them or a date; None when it says neither."""
    if value is None:
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), _LONGEST_WAIT)
