"""KerasHub presets as parts of a text encoder."""

import keras_hub

from trainer.text_checkpoint import SPECIAL_TOKENS, TextCheckpointError, TokenizerConfig
from trainer.text_hub_tokenizer import HubTokenizer
from trainer.text_tokenizer import TextTokenizer

NEEDED_INPUTS = {"token_ids", "padding_mask"}
KNOWN_INPUTS = {*NEEDED_INPUTS, "segment_ids"}

Tokenizer = TextTokenizer | HubTokenizer


def read_preset(preset: str, max_tokens: int, precision: str) -> tuple[keras_hub.models.Backbone, Tokenizer]:
    """Read a network and its tokenizer.

    WordPiece vocabularies get the project's `TextTokenizer`, which keeps to the rule of the Hugging Face tokenizer.

    Args:
        preset: A folder, or a name that KerasHub downloads.
        max_tokens: Tokens of a text that are read.
        precision: The dtype policy of the network.

    Raises:
        TextCheckpointError: The preset cannot be read, or is no encoder with a tokenizer that runs in a graph.
    """
    try:
        backbone = keras_hub.models.Backbone.from_preset(preset, dtype=precision)
        tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(preset)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise TextCheckpointError(f"{preset}: not a KerasHub preset: {' '.join(str(error).split())}") from error
    _check_network(preset, backbone)
    return backbone, _tokenizer(preset, tokenizer, max_tokens)


def _check_network(preset: str, backbone: keras_hub.models.Backbone) -> None:
    inputs = set(backbone.input) if isinstance(backbone.input, dict) else set()
    output = backbone.output
    hidden = output.get("sequence_output") if isinstance(output, dict) else output
    if not NEEDED_INPUTS <= inputs <= KNOWN_INPUTS or hidden is None or len(hidden.shape) != 3:
        name = type(backbone).__name__
        raise TextCheckpointError(f"{preset}: {name} is no encoder of token_ids and padding_mask to token vectors")


def _tokenizer(preset: str, tokenizer: keras_hub.tokenizers.Tokenizer, max_tokens: int) -> Tokenizer:
    if isinstance(tokenizer, keras_hub.tokenizers.WordPieceTokenizer):
        vocabulary = tokenizer.get_vocabulary()
        for token in SPECIAL_TOKENS:
            if token not in vocabulary:
                raise TextCheckpointError(f"{preset}: the special token {token} is missing from the vocabulary")
        return TextTokenizer(vocabulary, TokenizerConfig(do_lower_case=tokenizer.lowercase), max_tokens)
    hub = (keras_hub.tokenizers.BytePairTokenizer, keras_hub.tokenizers.SentencePieceTokenizer)
    if isinstance(tokenizer, hub) and getattr(tokenizer, "mask_token_id", None) is not None:
        return HubTokenizer(tokenizer, max_tokens)
    raise TextCheckpointError(f"{preset}: {type(tokenizer).__name__} is not among the tokenizers that are supported")
