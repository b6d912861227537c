"""Where webhooks of providers come in: open to all, told apart from forgeries by their signatures, and telling nobody anything."""

import logging
import re
from http import HTTPStatus

from genmux.app import App
from genmux.contract.dialect import Answer
from genmux.contract.jobs import Delivery
from genmux.server.http import Request, RequestError
from genmux.types.errors import AuthenticationError, NotFoundError, ProviderError

HOOKS = "/hooks/"
"""How the addresses begin: `/hooks/PROVIDER/TOKEN`, with the token of a job or of an account."""

MOST = 1024 * 1024
"""Bytes of a webhook; results are at addresses, and not in it."""

IDLE = 10.0
"""Seconds in which something must come."""

_PLACE = re.compile(rf"(?a){HOOKS}(?P<provider>[\w.-]{{1,64}})/(?P<token>[\w-]{{1,128}})")
_TEXT = ("content-type", "text/plain; charset=utf-8")
_log = logging.getLogger("genmux.hooks")


class HooksEndpoint:
    """Takes webhooks. What is refused hears only that; the log says why."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle(self, request: Request) -> None:
        """Answer one request."""
        place = _PLACE.fullmatch(request.path)
        desk = None if self._app.keeping is None else self._app.keeping.hooks
        if desk is None or place is None or request.method != "POST":
            await _answer(request, HTTPStatus.NOT_FOUND)
            return
        try:
            body = await request.body(MOST, idle=IDLE)
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
            told = Delivery(body=body, headers=headers, path=request.path, query=request.query.decode("latin-1"))
            said = await desk.take(place["provider"], place["token"], told)
        except RequestError as error:
            await _answer(request, HTTPStatus(error.status or HTTPStatus.BAD_REQUEST))
        except AuthenticationError as error:
            _log.info("a webhook for %s is refused: %s", place["provider"], error.message)
            await _answer(request, HTTPStatus.UNAUTHORIZED)
        except NotFoundError:
            await _answer(request, HTTPStatus.NOT_FOUND)
        except ProviderError as error:
            _log.warning("a webhook of %s cannot be taken now: %s", place["provider"], error.message)
            await _answer(request, HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            await request.answer(Answer(status=200, body=said), (_TEXT,))


async def _answer(request: Request, status: HTTPStatus) -> None:
    headers = (_TEXT, ("retry-after", "30")) if status is HTTPStatus.SERVICE_UNAVAILABLE else (_TEXT,)
    await request.answer(Answer(status=status, body=status.phrase.lower().encode()), headers)
