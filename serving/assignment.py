"""Who belongs to which arm of an A/B test: a hash of the user, the same in every process and every language.

    u(user) = (first 8 bytes of SHA-256(experiment 0x00 salt 0x00 user), as a big-endian integer, shifted right by 11)
              / 2^53

The texts are UTF-8. `u` is a whole number of 53 bits over 2^53, so every language with IEEE 754 doubles has the same.
A user is in the canary arm if `u < share`. So raising the share only adds users: nobody who saw the canary goes back.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Literal

Arm = Literal["stable", "canary"]
"""Name of an arm, which is the version label that its requests ask for."""


@dataclass(frozen=True)
class Assignment:
    """The rule that splits users between the stable version and the canary.

    Attributes:
        share: Share of the users in the canary arm, from 0 to 1.
        experiment: Name of the test; another one splits the users anew.
        salt: Splits the users anew under the same name, such as the number of the canary's version.
    """

    share: float
    experiment: str = "canary"
    salt: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no share, and names that could be taken for other ones."""
        if not 0 <= self.share <= 1:
            raise ValueError(f"share: must be from 0 to 1, is {self.share:g}")
        for name, text in (("experiment", self.experiment), ("salt", self.salt)):
            if "\0" in text:
                raise ValueError(f"{name}: {text!r} has a zero byte, which separates the parts of what is hashed")

    def arm(self, user_id: str) -> Arm:
        """The arm of a user."""
        return "canary" if self.position(user_id) < self.share else "stable"

    def position(self, user_id: str) -> float:
        """Where a user stands between 0 and 1, 1 excluded; uniform over users."""
        text = "\0".join((self.experiment, self.salt, user_id))
        # A lone surrogate cannot be in UTF-8; such an id is some user all the same.
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


@dataclass(frozen=True)
class SampleRatio:
    """Whether the arms have as many users as the shares say.

    A small p-value means that the split is broken: users are lost or counted twice in one arm, and a comparison of the
    arms tells nothing. Kohavi, Tang and Xu, "Trustworthy Online Controlled Experiments" (2020), chapter 21.

    Attributes:
        stable: Users of the stable arm.
        canary: Users of the canary arm.
        expected_canary: Users that the share gives the canary arm.
        p_value: Chance of a difference at least as large with an intact split: Pearson's chi-square test, one degree
            of freedom.
    """

    stable: int
    canary: int
    expected_canary: float
    p_value: float


def sample_ratio(stable: int, canary: int, share: float) -> SampleRatio:
    """Compare the users seen in each arm with the share of the canary.

    Count each user once: the requests of one user are not independent of each other.

    Args:
        stable: Users seen in the stable arm.
        canary: Users seen in the canary arm.
        share: Share of the users that belongs to the canary.

    Raises:
        ValueError: A count is negative, or the share is not strictly between 0 and 1.
    """
    if stable < 0 or canary < 0:
        raise ValueError(f"users: counts must not be negative, are {stable} and {canary}")
    if not 0 < share < 1:
        raise ValueError(f"share: must be above 0 and below 1, is {share:g}")
    users = stable + canary
    expected = share * users
    if users == 0:
        return SampleRatio(stable, canary, expected, 1.0)
    # Both arms are off by the same number of users, so the two terms of the statistic join.
    chi_square = (canary - expected) ** 2 / (users * share * (1 - share))
    return SampleRatio(stable, canary, expected, math.erfc(math.sqrt(chi_square / 2)))
