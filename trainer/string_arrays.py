"""Arrays of strings in .npz files, by what they hold: NumPy would give every string the room of the longest."""

import numpy as np

_BYTES, _LENGTHS = ".utf8", ".lengths"


def pack_strings(name: str, strings: np.ndarray) -> dict[str, np.ndarray]:
    """Two arrays that hold an array of strings.

    Args:
        name: Name of the array.
        strings: str [N], dtype object.

    Returns:
        UTF-8 of all strings, one after the other, uint8, and the bytes of each, int64 [N].
    """
    encoded = [text.encode() for text in strings]
    lengths = np.array([len(text) for text in encoded], np.int64)
    return {name + _BYTES: np.frombuffer(b"".join(encoded), np.uint8), name + _LENGTHS: lengths}


def unpack_strings(name: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The array of strings that `pack_strings` took apart.

    Args:
        name: Name of the array.
        arrays: Its two parts, among others.

    Raises:
        KeyError: A part is missing.
        ValueError: The parts do not fit together.
    """
    joined, lengths = arrays[name + _BYTES].tobytes(), arrays[name + _LENGTHS]
    ends = np.cumsum(lengths)
    if len(joined) != (ends[-1] if len(ends) else 0):
        raise ValueError(f"{name}: {len(joined)} bytes for strings of {ends[-1] if len(ends) else 0}")
    starts = ends - lengths
    return np.array([joined[start:end].decode() for start, end in zip(starts, ends, strict=True)], dtype=object)
