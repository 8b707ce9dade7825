"""The first page of a PDF as a PNG: a program of its own, which may take only so much time and memory.

    python dsn/applications/pages/draw_pdf.py FILE > page.png

It imports nothing of the project, so that it starts at once and has its memory to itself.
"""

import resource
import sys

LONGEST = 1536  # pixels of the page as it is drawn, in its longer direction
SECONDS, MEMORY = 20, 1 << 30


def draw(path: str) -> None:
    """Write the first page to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        scale = LONGEST / max(1.0, *page.get_size())
        page.render(scale=scale, grayscale=True).to_pil().save(sys.stdout.buffer, "PNG")


if __name__ == "__main__":
    draw(sys.argv[1])
