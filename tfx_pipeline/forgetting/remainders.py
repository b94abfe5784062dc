"""What still holds a user when the stored files have been rewritten: trained models, and examples that name nobody."""

from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.forgetting import vocabularies
from tfx_pipeline.forgetting.example_files import parse_example, read_records
from tfx_pipeline.forgetting.lineage import Lineage
from tfx_pipeline.forgetting.user import User
from tfx_pipeline.run_directory import serving_dir
from trainer.features import USER_ID


def pushed_versions(run_dir: Path, user: User) -> Iterator[Path]:
    """Folders of the pushed versions whose own vocabulary has the user, oldest first."""
    folders = [folder for folder in serving_dir(run_dir).glob("*") if folder.name.isdecimal()]
    return (folder for folder in sorted(folders, key=lambda each: int(each.name)) if _knows(folder, user))


def pipeline_models(lineage: Lineage, user: User) -> Iterator[Path]:
    """Folders of the Trainer's models that have the user in their own vocabulary, or else in that of their graph."""
    for folder, graph in sorted(lineage.models.items()):
        if folder.exists():
            own = any(vocabularies.user_vocabularies(folder))
            if _knows(folder, user) if own else _numbered(graph, user):
                yield folder


def anonymous_examples(lineage: Lineage, user: User) -> Iterator[Path]:
    """Folders of examples that were made of the user's, among others, and do not say whose they are."""
    for folder, numbering in sorted(lineage.examples.items()):
        derived = numbering.raw is None and _numbered(numbering.graph, user)
        if derived and any(_is_anonymous(path) for path in sorted(folder.glob("Split-*/*"))):
            yield folder


def _is_anonymous(path: Path) -> bool:
    """Whether the first example of a file has no user; not for a file that is not sound."""
    try:
        first = next(read_records(path), None)
        return first is not None and USER_ID not in parse_example(first)
    except ValueError:
        return False


def _numbered(graph: Path, user: User) -> bool:
    vocabulary = vocabularies.vocabulary_file(graph, USER_ID)
    return vocabulary.exists() and bool(vocabularies.rows_of(vocabulary, user))


def _knows(folder: Path, user: User) -> bool:
    return any(vocabularies.holds(path, user) for path in vocabularies.user_vocabularies(folder))
