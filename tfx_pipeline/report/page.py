"""A page made of the sections that have something to show."""

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from tfx_pipeline.report.filters import FILTERS
from tfx_pipeline.report.section import Section, Subject


def render_page(template: str, header: object, sections: Sequence[Section[Subject]], subject: Subject) -> str:
    """Render a header and below it the sections with content, in order.

    Args:
        template: A template that extends `page.html.j2` with its title and its header.
        header: What its header shows.
        sections: All sections; those whose content is None are left out of the page and of its table of contents.
        subject: What the sections are about.
    """
    contents = [(section, section.content(subject)) for section in sections]
    present = [(section, content) for section, content in contents if content is not None]
    return _environment().get_template(template).render(header=header, sections=present, subject=subject)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tfx_pipeline"),
        # Titles and queries come from the shop's files: whatever they hold is text.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    return environment
