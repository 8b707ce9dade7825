"""The losses, each named by its equation in the paper; deviations are said where they stand."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def teacher_loss(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy of the teacher (Eq. 1), mean over the batch; label smoothing is not in the paper.

    Args:
        logits: float [N, classes].
        labels: int64 [N].
        smoothing: share of the target spread over all classes, 0 to 1.
    """
    return F.cross_entropy(logits, labels, label_smoothing=smoothing)


def distillation_loss(student_logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """L_distill = KL(P_T || softmax(student)) of the valid branch (Eq. 3), mean over the batch.

    Args:
        student_logits: float [N, classes], of stamped pictures.
        teacher_logits: float [N, classes], of the same pictures raw.
    """
    return F.kl_div(
        student_logits.log_softmax(1), teacher_logits.log_softmax(1), reduction="batchmean", log_target=True
    )


def adversary_loss(adversary_logits: Tensor, labels: Tensor) -> Tensor:
    """L_SNE = CE(G_d(GRL(e)), Y) of the invalid branch (Eq. 5), mean over the batch."""
    return F.cross_entropy(adversary_logits, labels)


def uniform_loss(logits: Tensor) -> Tensor:
    """Cross-entropy of the predictor's answers to the uniform distribution, over its least value: float [N].

    Not in the paper: a reversed gradient through one G_d teaches G_e to fool G_d while G_y still
    works, so the invalid branch aims at G_y itself. Zero when every class is equally likely.
    """
    return -logits.log_softmax(1).mean(1) - math.log(logits.shape[1])


def silence_loss(drive: Tensor, margin: float) -> Tensor:
    """How far the features of invalid pictures are from all being zero with room to spare: float [N].

    Not in the paper. An even answer can come from faint features that a fresh classifier still reads;
    features that are exactly zero tell nothing. Mean over units of how far each stands above `-margin`
    before its ReLU.

    Args:
        drive: float [N, D], the features before their ReLU.
        margin: how far below zero every unit should be.
    """
    return F.relu(drive.float() + margin).mean(1)


def entanglement(features: Tensor, stamped: Tensor) -> Tensor:
    """Soft nearest neighbour loss (Eq. 7) between stamped and clean representations, to be maximised.

    Large when representations of both kinds lie mixed, so that the same neurons carry task and
    serial. The paper gives no temperature: here it is the batch's mean squared distance, detached,
    which makes the loss independent of the features' scale.

    Args:
        features: float [N, D], representations of both kinds.
        stamped: bool [N], whether each is of a stamped picture.
    """
    distances = torch.cdist(features.float(), features.float(), compute_mode="donot_use_mm_for_euclid_dist").square()
    others = ~torch.eye(len(features), dtype=torch.bool, device=features.device)
    temperature = distances.detach()[others].mean().clamp_min(1e-6)
    similarities = -distances / temperature
    same = others & (stamped[:, None] == stamped[None, :])
    never = torch.finfo(similarities.dtype).min
    near_same = similarities.masked_fill(~same, never).logsumexp(1)
    near_any = similarities.masked_fill(~others, never).logsumexp(1)
    return (near_any - near_same).mean()
