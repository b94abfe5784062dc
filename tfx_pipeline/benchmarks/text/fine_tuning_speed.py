"""What a step of the fine-tuning costs: time against the plain way, and the memory of adapters against all weights."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.measured_process import peak_memory, resident_memory
from tfx_pipeline.benchmarks.paired_ratio import Seconds, paired_ratio, ratio_range, take_turns
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.text.catalogue_titles import catalogue_titles

STEP_TARGET = 2.5
_FAST, _PLAIN = "fast", "plain"
_TOKENS = 128
_SEED = 3
_GIGABYTE = 1e9


def fine_tuning_figures(pairs: int = 512, rounds: int = 6, checkpoint: Path | None = None) -> Iterator[Figure]:
    """Time steps of both ways in turn, and train a few steps of each mode in a process of its own.

    Args:
        pairs: Pairs of two words of a title and the title.
        rounds: Timed rounds of steps.
        checkpoint: A Hugging Face folder; None takes the bundled MiniLM.
    """
    queries, titles = title_pairs(pairs)
    data = (
        f"{len(queries)} pairs of the first two words of a title of the Complete Journey catalogue and the title, 32 a "
        "step, one random wrong answer of either kind each, all weights of MiniLM"
    )
    say("a step of the fine-tuning")
    seconds = in_fresh_process(time_steps, queries, titles, rounds, checkpoint)
    fast, plain = seconds[_FAST], seconds[_PLAIN]
    yield Figure.at_least(
        "step of the fine-tuning, speed against plain float32",
        paired_ratio(plain, fast),
        "times",
        STEP_TARGET,
        f"plain is float32, every text padded to {_TOKENS} tokens, without XLA; {ratio_range(plain, fast)}; {data}",
    )
    say("memory of a step of the fine-tuning")
    memory = {mode: in_fresh_process(memory_of_steps, queries, titles, mode, checkpoint) for mode in ("lora", "full")}
    how = f"most memory of a process that makes three steps, less what it held with the encoder loaded; {data}"
    yield Figure.shown("memory of LoRA steps", memory["lora"] / _GIGABYTE, "GB", how)
    yield Figure.shown("memory of full fine-tuning steps", memory["full"] / _GIGABYTE, "GB", how)
    yield Figure.shown("memory of LoRA against full fine-tuning", memory["lora"] / memory["full"], "times", how)


def title_pairs(count: int) -> tuple[list[str], list[str]]:
    """The first two words of some titles, and the titles."""
    distinct = np.unique(catalogue_titles().astype(str))
    titles = distinct[np.random.default_rng(_SEED).permutation(len(distinct))[:count]].tolist()
    return [" ".join(title.split()[:2]) for title in titles], titles


def time_steps(queries: list[str], titles: list[str], rounds: int, checkpoint: Path | None) -> Seconds:
    """Seconds of four steps of each way, in turn."""
    from trainer.text_training.search_timing import plain_settings

    settings = _settings()
    steps = {
        _FAST: _steps(_encoder("full", checkpoint), queries, titles, settings),
        _PLAIN: _steps(_encoder("full", checkpoint), queries, titles, plain_settings(settings, _TOKENS)),
    }

    def four(step: Callable[[], float]) -> Callable[[], object]:
        return lambda: [step() for _ in range(4)]

    return take_turns({name: four(step) for name, step in steps.items()}, rounds)


def memory_of_steps(queries: list[str], titles: list[str], mode: Any, checkpoint: Path | None) -> int:
    """Most bytes that three steps, and the state of the optimizer, hold beyond the loaded encoder."""
    encoder = _encoder(mode, checkpoint)
    before = resident_memory()
    step = _steps(encoder, queries, titles, _settings())
    for _ in range(3):
        step()
    return peak_memory() - before


def _settings() -> Any:
    from trainer.text_training.search_settings import SearchTrainingSettings

    return SearchTrainingSettings(lexical_negatives=1, encoder_negatives=1, seed=_SEED)


def _encoder(mode: Any, checkpoint: Path | None) -> Any:
    from trainer.text_encoder import TextEncoder

    return TextEncoder.load(checkpoint, _TOKENS, mode=mode)


def _steps(encoder: Any, queries: list[str], titles: list[str], settings: Any) -> Callable[[], float]:
    from trainer.text_training.search_pairs import SearchPairs
    from trainer.text_training.search_timing import search_steps

    return search_steps(encoder, titles, SearchPairs.of(queries, range(len(titles))), settings)
