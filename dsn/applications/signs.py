"""Traffic signs: GTSRB."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from dsn.applications.cropping import FirstLook
from dsn.applications.downloads import download, reading
from dsn.applications.record import Application, Augmentation, Bars, Pair
from dsn.networks.config import POOL, NetworkConfig

CLASSES = (
    "Speed limit (20km/h)",
    "Speed limit (30km/h)",
    "Speed limit (50km/h)",
    "Speed limit (60km/h)",
    "Speed limit (70km/h)",
    "Speed limit (80km/h)",
    "End of speed limit (80km/h)",
    "Speed limit (100km/h)",
    "Speed limit (120km/h)",
    "No passing",
    "No passing for vehicles over 3.5 metric tons",
    "Right-of-way at the next intersection",
    "Priority road",
    "Yield",
    "Stop",
    "No vehicles",
    "Vehicles over 3.5 metric tons prohibited",
    "No entry",
    "General caution",
    "Dangerous curve to the left",
    "Dangerous curve to the right",
    "Double curve",
    "Bumpy road",
    "Slippery road",
    "Road narrows on the right",
    "Road work",
    "Traffic signals",
    "Pedestrians",
    "Children crossing",
    "Bicycles crossing",
    "Beware of ice/snow",
    "Wild animals crossing",
    "End of all speed and passing limits",
    "Turn right ahead",
    "Turn left ahead",
    "Ahead only",
    "Go straight or right",
    "Go straight or left",
    "Keep right",
    "Keep left",
    "Roundabout mandatory",
    "End of no passing",
    "End of no passing by vehicles over 3.5 metric tons",
)


def read_gtsrb(application: Application, folder: Path, split: str) -> Pair:
    """One split of GTSRB, from torchvision's layout under `folder`, downloaded where it is not there.

    Whole frames are shrunk, bilinear and without anti-aliasing; training pictures come by class, then in the order
    of the class's list. The archive torchvision has of them is that of the benchmark's first stage, 26,640 of the
    39,209 pictures (github.com/openai/CLIP/issues/156 tells the two apart).

    Returns:
        Pictures uint8 [N, 32, 32, 3] and labels uint8 [N].

    Raises:
        DownloadError: no download, or damaged files.
    """
    from torchvision.datasets import GTSRB

    base = folder / "gtsrb"
    top = base / "GTSRB" / ("Training" if split == "train" else "Final_Test")
    pictures = top if split == "train" else top / "Images"
    if not pictures.is_dir():
        download(application.data_set, lambda: GTSRB(folder, split=split, download=True))
    if split == "train":
        classes = [f"{label:05d}" for label in range(application.network.classes)]
        lists = [pictures / name / f"GT-{name}.csv" for name in classes]
    else:
        lists = [base / "GT-final_test.csv"]
    images, labels = [], []
    for path in lists:
        with reading(path, delete=top), path.open(newline="", encoding="ascii") as file:
            rows = [(row["Filename"], np.uint8(int(row["ClassId"]))) for row in csv.DictReader(file, delimiter=";")]
        for name, label in rows:
            picture = (path.parent if split == "train" else pictures) / name
            with reading(picture, delete=top), Image.open(picture) as opened:
                images.append(_shrunk(np.array(opened.convert("RGB")), application.network.size))
            labels.append(label)
    return np.stack(images), np.array(labels)


def _shrunk(picture: np.ndarray, size: int) -> np.ndarray:
    """A whole frame, uint8 [H, W, 3] of any size, as uint8 [size, size, 3]: bilinear, no anti-aliasing."""
    import torch
    import torch.nn.functional as F

    values = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    values = F.interpolate(values, (size, size), mode="bilinear", align_corners=False, antialias=False)
    return values.round().byte()[0].permute(1, 2, 0).numpy()


def look_for_sign(picture: Image.Image) -> FirstLook:
    """Where the sign seems to be on a picture, RGB."""
    from dsn.applications.sign_places import find_sign  # SciPy and scikit-image take a second

    return find_sign(picture)


SIGNS = Application(
    name="signs",
    title="Traffic signs",
    noun="traffic sign",
    data_file="gtsrb-32",
    classes=CLASSES,
    network=NetworkConfig(
        channels=3,
        size=32,
        layers=(32, 32, POOL, 64, 64, POOL, 128, 128, POOL),
        features=256,
        classes=43,
        first_kernel=5,
    ),
    augmentation=Augmentation(rotation=8, scale=0.12, shift=2, brightness=0.3, contrast=0.3),
    teacher_epochs=16,
    student_epochs=8,
    student_batch=160,
    data_set="GTSRB",
    attribution=(
        "German Traffic Sign Recognition Benchmark by J. Stallkamp, M. Schlipsing, J. Salmen and C. Igel "
        "(Man vs. computer, Neural Networks 32, 2012)."
    ),
    licence="No licence is stated by the copy used here; the benchmark asks to be cited.",
    source_url="https://benchmark.ini.rub.de/gtsrb_dataset.html",
    read=read_gtsrb,
    look=look_for_sign,
    hub_data_set="tanganke/gtsrb",
    bars=Bars(0.2, 6.5, (6.5, 9.0), (6.5, 10.0), 7.0, 8.0),
    attack_pictures=12_000,  # a picture costs several times one of digits
    attack_bar=8.0,
    attack_worst_bar=15.0,
    gpu_goal=45.0,
)
