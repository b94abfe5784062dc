"""The figures of serving: what one request costs over gRPC, how many are answered, and a swap of versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.serve.bare_server import BareRequests, ask_bare_server, bare_server
from tfx_pipeline.benchmarks.serve.batching_settings import TRIED, BatchingSetting, recommended
from tfx_pipeline.benchmarks.serve.export_generated import Export, export_generated
from tfx_pipeline.benchmarks.serve.load import Clients, LoadResult
from tfx_pipeline.benchmarks.serve.served import Served, served
from tfx_pipeline.benchmarks.serve.shopper import Shoppers
from tfx_pipeline.benchmarks.serve.version_swap import swap_under_load

P50_TARGET, P99_TARGET, THROUGHPUT_TARGET, TEXT_TARGET = 7.0, 15.0, 400.0, 14.0
_MEGABYTE = 1e6


@dataclass(frozen=True)
class ServeSettings:
    """How long and how large.

    Attributes:
        items: Items of the measured servable.
        many_items: Items of a second one, of which only size, load time and memory are measured; 0 for none.
        seconds: Length of one measurement.
        swap_seconds: Length of the load during which versions swap.
        rate: Requests a second of that load.
        clients: Clients of the measurements of throughput.
        batching: Settings of batching that are tried.
    """

    items: int = 100_000
    many_items: int = 1_000_000
    seconds: float = 10.0
    swap_seconds: float = 60.0
    rate: float = 100.0
    clients: int = 8
    batching: tuple[BatchingSetting, ...] = TRIED


def serve_figures(data_dir: Path, settings: ServeSettings | None = None, small: bool = False) -> Iterator[Figure]:
    """Export servables of generated items, start the model server on them and ask it from other processes.

    Args:
        data_dir: Not used: items and users are generated.
        settings: How long and how large; as the project's targets say unless given.
        small: Whether the models have the least sizes, for a test of the benchmark itself.
    """
    del data_dir
    settings = settings or ServeSettings()
    with TemporaryDirectory(prefix="shoprank_serve_") as name:
        work = Path(name)
        say(f"exporting a servable of {settings.items:,} generated items")
        exported = in_fresh_process(export_generated, work, settings.items, small)
        results: dict[BatchingSetting | None, LoadResult] = {}
        with Clients(1) as alone, Clients(settings.clients) as many:
            yield from _requests(exported, work, settings, alone, many, results)
            yield from _batching(exported, work, settings, many, results)
            yield from _bare(settings, alone, many)
            yield from _swap(exported, work, settings, many)
        if settings.many_items:
            yield from _many_items(work / "many", settings.many_items, small)


def _requests(
    exported: Export,
    work: Path,
    settings: ServeSettings,
    alone: Clients,
    many: Clients,
    results: dict[BatchingSetting | None, LoadResult],
) -> Iterator[Figure]:
    say("requests one after the other, and of several clients")
    with served(exported.base, work / "server.log") as running:
        yield from _size(running, settings.items)
        without = Shoppers(running.server.target, exported.user_ids)
        with_text = Shoppers(running.server.target, exported.user_ids, exported.queries)
        one = alone.ask(without, settings.seconds)
        yield from _one_client(one, settings)
        text = alone.ask(with_text, settings.seconds)
        how = _how(text, settings, "1 client, a query of two words in every request")
        yield Figure.at_most("recommend with a query text, p50", text.percentile(50), "ms", TEXT_TARGET, how)
        yield Figure.shown("recommend with a query text, p99", text.percentile(99), "ms", how)
        results[None] = many.ask(without, settings.seconds)
    yield from _throughput("batching off", results[None], settings)


def _one_client(one: LoadResult, settings: ServeSettings) -> Iterator[Figure]:
    how = _how(one, settings, "1 client")
    yield Figure.at_most("recommend, p50", one.percentile(50), "ms", P50_TARGET, how)
    yield Figure.shown("recommend, p95", one.percentile(95), "ms", how)
    yield Figure.at_most("recommend, p99", one.percentile(99), "ms", P99_TARGET, how)
    yield _no_errors("recommend, failed requests", one, how)


def _batching(
    exported: Export,
    work: Path,
    settings: ServeSettings,
    many: Clients,
    results: dict[BatchingSetting | None, LoadResult],
) -> Iterator[Figure]:
    for number, setting in enumerate(settings.batching):
        say(f"batching: {setting}")
        flags = setting.flags(work / f"batching_{number}.txt")
        with served(exported.base, work / f"batching_{number}.log", flags) as running:
            results[setting] = many.ask(Shoppers(running.server.target, exported.user_ids), settings.seconds)
        yield from _throughput(f"batching {setting}", results[setting], settings)
    best = recommended(results)
    named = "batching off" if best is None else f"batching {best}"
    how = f"best of those above, without a failed request: {named}. " + _how(results[best], settings, "the same")
    how += ", server and clients on the same cores"
    throughput = results[best].throughput
    yield Figure.at_least("recommend, best throughput", throughput, "requests/s", THROUGHPUT_TARGET, how)


def _throughput(name: str, result: LoadResult, settings: ServeSettings) -> Iterator[Figure]:
    how = _how(result, settings, f"{settings.clients} clients, each in a process of its own")
    yield Figure.shown(f"recommend, {name}: throughput", result.throughput, "requests/s", how)
    yield Figure.shown(f"recommend, {name}: p99", result.percentile(99), "ms", how)
    yield _no_errors(f"recommend, {name}: failed requests", result, how)


def _bare(settings: ServeSettings, alone: Clients, many: Clients) -> Iterator[Figure]:
    say("the bare server")
    how = (
        "the reference: exact search over 100,000 vectors of 64 numbers and two dense layers over 300 candidates, in a "
        f"plain gRPC server; {settings.seconds:g} s"
    )
    with bare_server() as target:
        one = alone.ask(BareRequests(target), settings.seconds, function=ask_bare_server)
        several = many.ask(BareRequests(target), settings.seconds, function=ask_bare_server)
    yield Figure.shown("bare server, p50", one.percentile(50), "ms", f"{how}, 1 client")
    yield Figure.shown("bare server, p99", one.percentile(99), "ms", f"{how}, 1 client")
    yield Figure.shown("bare server, throughput", several.throughput, "requests/s", f"{how}, {many.count} clients")


def _swap(exported: Export, work: Path, settings: ServeSettings, many: Clients) -> Iterator[Figure]:
    say(f"swap of versions under {settings.rate:g} requests a second for {settings.swap_seconds:g} s")
    with served(exported.base, work / "swap.log") as running:
        shoppers = Shoppers(running.server.target, exported.user_ids)
        place = exported.base / "2"
        swap = swap_under_load(many, shoppers, exported.second, place, settings.swap_seconds, settings.rate)
    how = (
        f"{settings.rate:g} requests a second for {settings.swap_seconds:g} s, of which version 2 comes into service "
        f"during; answers by version: {dict(sorted(swap.load.versions.items()))}"
    )
    if not swap.load.versions[swap.new]:
        yield Figure.absent("swap of versions, failed requests", "requests", 0.0, "version 2 was not served in time")
        return
    errors = "; ".join(f"{count} x {message}" for message, count in swap.load.errors.items())
    failed = f"{how}; {errors}" if errors else how
    yield Figure.at_most("swap of versions, failed requests", float(swap.failed), "requests", 0.0, failed)
    half = f"{how}; every answer names one of the two, and all of its items are of that one"
    yield Figure.at_most("swap of versions, half-loaded answers", float(swap.half_loaded), "answers", 0.0, half)
    yield Figure.shown("swap of versions, p99", swap.load.percentile(99), "ms", how)


def _many_items(work: Path, items: int, small: bool) -> Iterator[Figure]:
    say(f"exporting a servable of {items:,} generated items")
    work.mkdir()
    exported = in_fresh_process(export_generated, work, items, small, versions=1)
    with served(exported.base, work / "server.log") as running:
        yield from _size(running, items)


def _size(running: Served, items: int) -> Iterator[Figure]:
    of = f"{items:,} items"
    yield Figure.shown(f"model of {of}, size", running.size / _MEGABYTE, "MB", "of the version directory")
    how = "from the start of the server's process until the version is available, its warm-up requests answered"
    yield Figure.shown(f"model of {of}, load time", running.seconds, "s", how)
    yield Figure.shown(f"model of {of}, memory", running.memory / _MEGABYTE, "MB", "resident, once it is available")


def _no_errors(name: str, result: LoadResult, how: str) -> Figure:
    said = "; ".join(f"{count} x {message}" for message, count in result.errors.items())
    return Figure.at_most(name, float(sum(result.errors.values())), "requests", 0.0, f"{how}; {said}" if said else how)


def _how(result: LoadResult, settings: ServeSettings, asked: str) -> str:
    return (
        f"{len(result.milliseconds)} requests in {result.seconds:.1f} s over gRPC to the local model server: {asked}; "
        f"{settings.items:,} generated items, k = 20, candidates as by default, Thompson sampling, all cores"
    )
