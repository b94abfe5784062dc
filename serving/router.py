"""Requests to the stable version or to the canary, by user."""

from types import TracebackType

from serving.assignment import Assignment
from serving.client import ConnectionSettings, ShopRankClient


class Router:
    """Two clients of one server, one for each version label, and the rule that says whose requests go where.

    Without a canary both labels point to the stable version, so a share that is still set does no harm.

    Args:
        target: `host:port` of the server's gRPC endpoint.
        assignment: The rule.
        model_name: Name under which the server knows the model.
        timeout: Longest wait for one answer, in seconds, with all attempts.
        settings: Retries, keep-alive, message size and encryption.
    """

    def __init__(
        self,
        target: str,
        assignment: Assignment,
        model_name: str = "shoprank",
        timeout: float = 10.0,
        settings: ConnectionSettings | None = None,
    ) -> None:
        """Prepare both clients; gRPC has them share one connection."""
        self.assignment = assignment
        self.stable = ShopRankClient(target, model_name, timeout, version_label="stable", settings=settings)
        self.canary = ShopRankClient(target, model_name, timeout, version_label="canary", settings=settings)

    def __enter__(self) -> "Router":
        """Return the router itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close both clients."""
        self.close()

    def close(self) -> None:
        """Close both clients."""
        self.stable.close()
        self.canary.close()

    def client(self, user_id: str) -> ShopRankClient:
        """The client for the requests of a user: ask it for this user alone."""
        return self.canary if self.assignment.arm(user_id) == "canary" else self.stable
