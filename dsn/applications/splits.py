"""Other splits of the same pictures, for data sets with few of them: on one split, each test picture shows."""

import torch
from torch import Tensor

from dsn.applications.prepared import DataSet, Split


def other_split(data: DataSet, number: int) -> DataSet:
    """The same pictures, split anew at random: of every class as many for training as before.

    Args:
        data: as it comes.
        number: of the split, the seed of its draw; 0 for the data as it comes.
    """
    if number == 0:
        return data
    images, labels = (
        torch.cat([getattr(half, part) for half in (data.train, data.test)]) for part in ("images", "labels")
    )
    generator = torch.Generator().manual_seed(number)
    train: list[Tensor] = []
    test: list[Tensor] = []
    for label in labels.unique().tolist():
        places = (labels == label).nonzero()[:, 0]
        places = places[torch.randperm(len(places), generator=generator)]
        count = int((data.train.labels == label).sum())
        train.append(places[:count])
        test.append(places[count:])
    first, second = (Split(images[chosen], labels[chosen]) for chosen in (torch.cat(train), torch.cat(test)))
    return DataSet(first, second, data.class_names)
