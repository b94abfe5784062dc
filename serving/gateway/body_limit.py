"""A bound on the bytes of a request's body."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 4 * 2**20
"""Room for two lists of ten thousand ids, which the schema allows."""
_MOST_READ = 16
"""How often as much is read of a body that is too large, before a client that goes on sending is given up."""
TOO_LARGE = 413


class BodyLimit:
    """Reads a request's body before the application does, and refuses one that is too large with 413.

    Args:
        app: The application.
        most_bytes: Largest body.
    """

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES) -> None:
        """Wrap an application."""
        self._app, self._most_bytes = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []
        size, more = 0, True
        while more and size <= _MOST_READ * self._most_bytes:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
            # The rest is read and forgotten: a client that still sends would not see the answer.
            if size <= self._most_bytes:
                messages.append(message)
        if size > self._most_bytes:
            problem = {"error": f"The request's body is larger than {self._most_bytes} bytes"}
            await JSONResponse(problem, TOO_LARGE)(scope, receive, send)
            return
        waiting = iter(messages)

        async def replay() -> Message:
            return next(waiting, None) or await receive()

        await self._app(scope, replay, send)
