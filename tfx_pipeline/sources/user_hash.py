"""Keyed hashes in the place of user ids, so that what a run stores does not name anybody."""

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import PrivacyConfig

if TYPE_CHECKING:
    import pyarrow as pa

_DIGEST_BYTES = 16
_SHORTEST_KEY = 16
"""Characters."""
_LONGEST_KEY = hashlib.blake2b.MAX_KEY_SIZE
"""Bytes, RFC 7693, section 2.1."""


@dataclass(frozen=True)
class UserHash:
    """Hashes user ids with a key that it reads from the environment each time, and never holds.

    So it can be pickled, printed and sent to workers, whose environment must have the key as well.

    Attributes:
        key_variable: Environment variable with the key.
    """

    key_variable: str

    def __call__(self, ids: "pa.Array") -> "pa.Array":
        """The hashes of ids `[N]`, see `hash_ids`.

        Raises:
            DataError: The environment has no usable key.
        """
        return hash_ids(ids, read_key(self.key_variable))

    def fingerprint(self) -> str:
        """What tells two keys apart, for the keys of caches: the hash of one fixed text.

        Raises:
            DataError: The environment has no usable key.
        """
        return _digest("", read_key(self.key_variable))


def user_hash(privacy: PrivacyConfig) -> UserHash | None:
    """How a configuration has user ids hashed; None where it has them stored as they are.

    Raises:
        DataError: They are to be hashed, and the environment has no usable key.
    """
    if not privacy.hash_user_ids:
        return None
    read_key(privacy.key_variable)
    return UserHash(privacy.key_variable)


def hash_ids(ids: "pa.Array", key: bytes) -> "pa.Array":
    """Replace ids by their keyed BLAKE2b (RFC 7693), 16 bytes as 32 hexadecimal digits.

    Args:
        ids: Strings `[N]`. Each distinct one is hashed once.
        key: The secret, 1 to 64 bytes.

    Returns:
        Strings `[N]`: equal ids have equal hashes; one of white space, which names nobody, stays as it is.
    """
    # The command line hashes one id, and is not to wait for the import of Arrow and pandas.
    import pyarrow as pa

    from tfx_pipeline.sources.values import plain

    encoded = plain(ids).dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    hashes = pa.array([_digest(each, key) if each.strip() else each for each in distinct], pa.string())
    return hashes.take(encoded.indices)


def hash_user_id(user_id: str, privacy: PrivacyConfig) -> str:
    """A user id as a run stores it: the id itself, or its hash where the configuration says so; '' stays ''.

    Raises:
        DataError: Ids are hashed, and the environment has no usable key.
    """
    if not privacy.hash_user_ids or not user_id.strip():
        return user_id
    return _digest(user_id, read_key(privacy.key_variable))


def read_key(variable: str) -> bytes:
    """The key that an environment variable holds.

    Raises:
        DataError: It is not set, too short to be a secret, or longer than BLAKE2b takes. The message does not show it.
    """
    key = os.environ.get(variable, "")
    needs = f"data.privacy.hash_user_ids needs a secret key in the environment variable {variable}"
    if not key:
        raise DataError(f"{needs}, which is not set")
    if len(key) < _SHORTEST_KEY:
        raise DataError(f"{needs}, which has fewer than {_SHORTEST_KEY} characters")
    encoded = key.encode(errors="surrogateescape")
    if len(encoded) > _LONGEST_KEY:
        raise DataError(f"{needs}, which has more than {_LONGEST_KEY} bytes")
    return encoded


def _digest(user_id: str, key: bytes) -> str:
    return hashlib.blake2b(user_id.encode(), digest_size=_DIGEST_BYTES, key=key).hexdigest()
