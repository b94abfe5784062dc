"""Configuration of text: the encoder, what it is trained on, and how searches are ranked."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from tfx_pipeline.table_config import Fraction, Section

TermKind = Literal["words", "stems", "pairs", "pieces", "runs"]
Precision = Literal["float32", "mixed_bfloat16"]


class TextPretrainingConfig(Section):
    """Masked-language-model training on the texts of the catalogue, before anything else."""

    maximum_steps: int = Field(0, ge=0)
    """Most updates; 0, the default, leaves the encoder as it was published."""
    epochs: int = Field(10, ge=1)
    """Most passes over the texts."""
    next_sentence_weight: float = Field(0.0, ge=0)
    """Weight of telling a title's own description from another one's, beside the masked words."""
    learning_rate: float = Field(1e-4, gt=0)
    """Peak of the rate."""
    patience: int = Field(3, ge=1)
    """Measurements of the held-out perplexity without a better one until training ends."""
    precision: Precision = "float32"
    """Type that the network computes in."""
    compiled: bool = False
    """Whether XLA compiles the step."""


class SearchTrainingConfig(Section):
    """Fine-tuning of the encoder on pairs of a query and an item that answers it."""

    pairs: Literal["auto", "queries", "judgments", "descriptions", "none"] = "auto"
    """What the pairs are: queries of the log with what was chosen after them, judgments, or titles with their
    descriptions. `auto` takes the first of these that the shop has; `none` trains nothing."""
    mode: Literal["head", "lora", "full"] = "full"
    """What is trained: a linear layer on top, low-rank adapters, or everything."""
    epochs: int = Field(3, ge=1)
    """Most passes over the pairs."""
    batch_pairs: int = Field(32, ge=2)
    """Pairs in a batch; the answers to the others are wrong answers to each."""
    learning_rate: float = Field(5e-5, gt=0)
    """Peak of the rate of the network."""
    temperature: float = Field(0.05, gt=0)
    """What cosines are divided by before the softmax."""
    lexical_negatives: int = Field(1, ge=0)
    """Wrong answers of each pair that BM25 ranks high."""
    encoder_negatives: int = Field(1, ge=0)
    """Wrong answers of each pair that the encoder of the last epoch ranks high."""
    inverse_cloze_pairs: int = Field(0, ge=0)
    """Further pairs an epoch: some words of an item's text, and the item."""
    maximum_pairs: int = Field(20_000, ge=1)
    """Most pairs that are used; of more, a draw."""
    maximum_steps: int = Field(1_000, ge=1)
    """Most batches altogether, which bounds the time."""
    precision: Precision = "float32"
    """Type that the network computes in."""
    compiled: bool = False
    """Whether XLA compiles the step."""


class TextConfig(Section):
    """The text encoder, and search."""

    checkpoint: Path | None = None
    """A Hugging Face folder with a BERT-family model; None takes the bundled MiniLM."""
    max_tokens: int = Field(32, ge=4, le=512)
    """Tokens of a text that the encoder reads."""
    dimension: int = Field(128, ge=8)
    """Principal components of the text vectors that the index keeps."""
    query_share: Fraction = 0.8
    """Squared share of the text in a query vector that has both a text and a user."""
    terms: list[TermKind] = ["words"]
    """What the lexical indexes are over, `words` among them: whole words, their stems, `pairs` of neighbouring stems,
    `pieces` of four letters of a word, or `runs` of four letters across spaces. Each costs memory and time, and they
    gain where there are queries to weigh them by."""
    reranked: int = Field(0, ge=0, le=200)
    """First candidates of a search that a cross-encoder reads together with the query and orders anew; 0, the default,
    has none. Each costs a pass through the network at every search, and the model is trained on the pairs below."""
    pretraining: TextPretrainingConfig = TextPretrainingConfig()
    training: SearchTrainingConfig = SearchTrainingConfig()

    @model_validator(mode="after")
    def _pairs_for_the_cross_encoder(self) -> "TextConfig":
        if self.reranked and self.training.pairs == "none":
            raise ValueError("reranked needs a cross-encoder, and training.pairs none trains none")
        return self

    @field_validator("terms")
    @classmethod
    def _words_among_them(cls, terms: list[TermKind]) -> list[TermKind]:
        if "words" not in terms or len(set(terms)) < len(terms):
            raise ValueError("name words and further kinds, each once")
        return terms
