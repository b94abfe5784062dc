"""Charts as SVG inside the page: Altair describes them, the page's style sheet colours them."""
