"""Documents: where on a page there is text, the paper's case study; the answer is a map, not a class."""

from dsn.applications.record import Application, Augmentation
from dsn.applications.registry import OF_PAGES
from dsn.networks.map_network import MapConfig
from dsn.serials import Serial

# The paper stamps a little sun on its invoices.
SUN = Serial.from_bits(
    int(bit)
    for row in (
        "10011001",
        "01011010",
        "00111100",
        "11111111",
        "11111111",
        "00111100",
        "01011010",
        "10011001",
    )
    for bit in row
)

# No photographs, no shifts beyond what the pages are drawn with; light alone changes while training.
LIGHT = Augmentation(rotation=0, scale=0, shift=0, brightness=0.25, contrast=0.25)

DOCUMENTS = Application(
    name=OF_PAGES,
    title="Documents",
    noun="page",
    data_file="pages",
    classes=("text",),
    network=MapConfig(),
    augmentation=LIGHT,
    teacher_epochs=10,
    student_epochs=1,
    student_batch=16,
    data_set="Drawn pages",
    attribution="Invoices, receipts, letters and forms of our own making; Faker makes their names up.",
    licence="MIT, as the project.",
    source_url="https://arxiv.org/abs/2011.08960",
)
