"""A pattern of a customer's own in the weights, and how plainly a network carries it. No ledger and no files here.

Every weight of a convolution or dense layer is moved up or down by a small share of its layer's spread, as the bits of
a keystream say (spread spectrum: Cox, Kilian, Leighton and Shamoon, IEEE Transactions on Image Processing 6(12), 1997).
A network is compared with the original that the pattern was added to: what is left is correlated with the pattern of
one key after another. Whoever averages several customers' copies keeps a share of each of their patterns.

A key that was not used gives signs that the network cannot know. The correlation, scaled to unit variance, is then a
weighted sum of fair signs, for which P(Z >= z) <= 3.18 times the normal tail, whatever was done to the network
(Bentkus and Dzindzalieta, Bernoulli 21(2), 2015). Times the number of keys compared, that bounds the probability of
naming anybody falsely.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
import torch
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from torch import Tensor

SIZE = 0.02  # of the pattern, in standard deviations of a layer's weights
KEY_BYTES = 32
CLIPPED = 3.0  # how far one weight may speak, in the middle change of its layer
FAIR_SIGNS = 1 / (4 * (1 - NormalDist().cdf(math.sqrt(2))))  # 3.18: the bound's constant
AT_ONCE = 32  # keys


def embedded(weights: Mapping[str, Tensor], key: bytes, size: float = SIZE) -> dict[str, Tensor]:
    """A network's weights with the key's pattern added.

    Args:
        weights: of the original, float32 by name; left as they are.
        key: 32 bytes.
        size: of the pattern, in standard deviations of a layer's weights.

    Returns:
        New tensors by the same names; vectors (biases) are the original's.
    """
    steps = _steps(weights, size)
    signs = _signs(key, sum(weights[name].numel() for name in steps)) * 2.0 - 1.0
    parts = torch.from_numpy(signs.astype(np.float32)).split([weights[name].numel() for name in steps])
    moved = {
        name: weights[name] + step * part.view(weights[name].shape)
        for (name, step), part in zip(steps.items(), parts, strict=True)
    }
    return {name: moved.get(name, one) for name, one in weights.items()}


def direction(suspect: Mapping[str, Tensor], original: Mapping[str, Tensor], size: float = SIZE) -> Tensor:
    """What a network's weights say about patterns: float32 [D], of length 1.

    Each weight's change from the original speaks as loudly as its layer's middle change is small (a matched filter),
    and none beyond three of those: what was pruned, or trained hard, does not drown the rest.

    Args:
        suspect: float32 by name, of the original's shapes.
        original: what the pattern was added to.
        size: of the pattern.
    """
    parts = []
    for name, step in _steps(original, size).items():
        change = (suspect[name] - original[name]).flatten()
        middle = max(float(change.abs().median()), step)
        parts.append((change / middle).clamp(-CLIPPED, CLIPPED) * (step / middle))
    whole = torch.cat(parts)
    return whole / whole.norm().clamp_min(1e-12)


def correlations(directions: Tensor, keys: Sequence[bytes]) -> Tensor:
    """How plainly each network carries each key's pattern, as standard scores: float32 [N, T] for N keys.

    Args:
        directions: of T networks, float32 [T, D], each of length 1.
        keys: 32 bytes each.
    """
    scores = torch.empty(len(keys), len(directions))
    bits = np.empty((AT_ONCE, directions.shape[1]), np.float32)  # kept, so that memory stays what it is
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        for row, key in zip(bits, some, strict=False):
            row[:] = _signs(key, len(row))
        torch.matmul(torch.from_numpy(bits[: len(some)]), directions.T, out=scores[start : start + len(some)])
    return 2 * scores - directions.sum(1)


def chance(score: float, compared: int) -> float:
    """The largest probability that any of so many keys that were not used scores so high."""
    return min(1.0, compared * FAIR_SIGNS * math.erfc(score / math.sqrt(2)) / 2)


def least_score(compared: int, p: float) -> float:
    """The score from which on `chance` is at most p."""
    return -NormalDist().inv_cdf(p / compared / FAIR_SIGNS)


def _steps(weights: Mapping[str, Tensor], size: float) -> dict[str, float]:
    """How far each layer's weights are moved, by name in alphabetical order; not biases."""
    return {
        name: size * float(weights[name].double().std())
        for name in sorted(weights)
        if weights[name].dim() >= 2 and weights[name].numel() > 1
    }


def _signs(key: bytes, count: int) -> np.ndarray:
    """The first bits of a key's ChaCha20 stream, counter and nonce zero: uint8 [count], 0 for down and 1 for up."""
    stream = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(-(-count // 8)))
    return np.unpackbits(np.frombuffer(stream, np.uint8), count=count)
