"""Per-example metrics against numpy loops over positions, and bad input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.metrics import (
    IGNORED,
    METRICS,
    Metric,
    accuracy,
    cross_entropy,
    dice_loss,
    intersection_over_union,
    more_metrics,
    names_in,
    next_token_loss,
    top_k,
)
from landscape.problem import Problem
from landscape.run import sample_surface

Reference = Callable[[np.ndarray, np.ndarray], float]
CLASSES = 7


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def counted(logits: np.ndarray, labels: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """Logits (positions, classes) and label of every counted position."""
    return [(z, int(c)) for z, c in zip(logits, labels, strict=True) if c != -100]


def ref_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean([-np.log(softmax(z)[c]) for z, c in counted(logits, labels)]))


def ref_top(k: int) -> Reference:
    def share(logits: np.ndarray, labels: np.ndarray) -> float:
        return float(np.mean([(z > z[c]).sum() < k for z, c in counted(logits, labels)]))

    return share


def ref_dice(logits: np.ndarray, labels: np.ndarray) -> float:
    pairs = counted(logits, labels)
    p = np.array([softmax(z) for z, _ in pairs])
    truth = np.array([c for _, c in pairs])
    scores = []
    for c in set(truth.tolist()):
        g = (truth == c).astype(float)
        scores.append(2 * (p[:, c] * g).sum() / (p[:, c].sum() + g.sum()))
    return 1 - float(np.mean(scores))


def ref_iou(logits: np.ndarray, labels: np.ndarray) -> float:
    pairs = counted(logits, labels)
    said = {(i, int(z.argmax())) for i, (z, _) in enumerate(pairs)}
    true = {(i, c) for i, (_, c) in enumerate(pairs)}
    scores = []
    for c in {c for _, c in said | true}:
        a, b = ({pair for pair in pairs_of if pair[1] == c} for pairs_of in (said, true))
        scores.append(len(a & b) / len(a | b))
    return float(np.mean(scores))


REFERENCES: dict[str, Reference] = {
    "cross_entropy": ref_cross_entropy,
    "accuracy": ref_top(1),
    "top3": ref_top(3),
    "top7": ref_top(7),
    "dice_loss": ref_dice,
    "iou": ref_iou,
    "pixel_loss": ref_cross_entropy,
    "pixel_accuracy": ref_top(1),
    "token_loss": ref_cross_entropy,
    "token_accuracy": ref_top(1),
    "next_token_loss": lambda z, c: ref_cross_entropy(z[:-1], c[1:]),
    "next_token_accuracy": lambda z, c: ref_top(1)(z[:-1], c[1:]),
}


def named(name: str) -> Metric:
    (metric,) = more_metrics([name]).values()
    return metric


def drawn(positions: tuple[int, ...], ignored: float) -> tuple[Tensor, Tensor]:
    """Logits (n, *positions, classes) in float64 and labels (n, *positions)."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, CLASSES, (9, *positions), generator=generator)
    logits = 2 * torch.randn((9, *positions, CLASSES), generator=generator, dtype=torch.float64)
    logits += F.one_hot(labels, CLASSES)
    if positions:
        gone = torch.rand(labels.shape, generator=generator) < ignored
        gone.flatten(1)[:, 1] = False
        labels[gone] = IGNORED
    return logits, labels


SHAPES: list[tuple[int, ...]] = [(12,), (4, 5), (2, 3, 2), ()]


def fits(name: str, positions: tuple[int, ...]) -> bool:
    """Tokens are in one dimension, and regions need positions."""
    if "token" in name:
        return len(positions) == 1
    return bool(positions) or name not in ("dice_loss", "iou", "pixel_loss", "pixel_accuracy")


@pytest.mark.parametrize("ignored", [0.0, 0.4])
@pytest.mark.parametrize(
    ("name", "positions"), [(n, p) for n in REFERENCES for p in SHAPES if fits(n, p)]
)
def test_against_a_loop_over_positions(
    name: str, positions: tuple[int, ...], ignored: float
) -> None:
    metric = named(name)
    logits, labels = drawn(positions, ignored)
    output = logits if metric.class_dim == -1 else logits.movedim(-1, 1)
    found = metric.function(output, labels)
    assert found.shape == (9,)
    for value, z, c in zip(found.tolist(), logits.numpy(), labels.numpy(), strict=True):
        expected = REFERENCES[name](z.reshape(-1, CLASSES), c.reshape(-1))
        assert value == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_every_metric_has_a_reference() -> None:
    assert set(METRICS) - set(REFERENCES) == {"mse"}


def test_squared_error() -> None:
    output, target = torch.randn(5, 2, 3), torch.randn(5, 2, 3)
    expected = ((output.numpy() - target.numpy()) ** 2).reshape(5, -1).mean(axis=1)
    np.testing.assert_allclose(METRICS["mse"].function(output, target), expected, rtol=1e-6)


def test_squared_error_of_labels_is_that_of_the_authors_code() -> None:
    """Their evaluation: softmax, one-hot by scatter_, nn.MSELoss over all elements of a batch."""
    logits, labels = torch.randn(7, 4), torch.randint(4, (7,))
    one_hot = torch.zeros(7, 4).scatter_(1, labels[:, None], 1.0)
    theirs = nn.MSELoss()(F.softmax(logits, dim=1), one_hot)
    found = METRICS["mse"].function(logits, labels)
    assert found.shape == (7,)
    assert float(found.mean()) == pytest.approx(float(theirs), rel=1e-6)
    problem = Problem(nn.Linear(3, 4), (torch.randn(7, 3), labels), loss="mse", device="cpu")
    assert 0 < sample_surface(problem, "0", None, progress=False)["loss"][0] < 0.5
    with pytest.raises(InputError, match="labels run from 0 to 4, but the network has 4 outputs"):
        Problem(nn.Linear(3, 4), (torch.randn(2, 3), torch.tensor([0, 4])), loss="mse")


@pytest.mark.parametrize("name", ["cross_entropy", "mse"])
def test_labels_of_yes_and_no(name: str) -> None:
    torch.manual_seed(0)
    inputs, labels = torch.randn(40, 3), torch.rand(40) > 0.4
    model = nn.Linear(3, 2)
    found = [
        sample_surface(
            Problem(model, (inputs, of), loss=name, metrics=["accuracy"], device="cpu"),
            "0:1:2",
            None,
            tolerance=tolerance,
            progress=False,
        )["loss"]
        for of in (labels, labels.long())
        for tolerance in (None, "5%")
    ]
    np.testing.assert_array_equal(found[:2], found[2:])


@pytest.mark.parametrize("positions", [(12,), (4, 5)])
def test_against_torchs_ignore_index(positions: tuple[int, ...]) -> None:
    logits, labels = drawn(positions, 0.4)
    output = logits.movedim(-1, 1)
    for i, value in enumerate(cross_entropy(output, labels)):
        assert value == pytest.approx(F.cross_entropy(output[i : i + 1], labels[i : i + 1]).item())


def test_dice_and_overlap_by_hand() -> None:
    """Four pixels, two of class 0, one of which is predicted as class 1, all with certainty."""
    labels = torch.tensor([[0, 0, 1, IGNORED]])
    said = torch.tensor([[0, 1, 1, 2]])
    output = 100 * F.one_hot(said, 4).movedim(-1, 1).double()
    # Dice 2·1/(1+2) for both classes; overlap 1/2 for both; the last pixel is ignored.
    assert dice_loss(output, labels).item() == pytest.approx(1 - 2 / 3)
    assert intersection_over_union(output, labels).item() == pytest.approx(0.5)
    output = 100 * F.one_hot(torch.tensor([[0, 2, 1, 2]]), 4).movedim(-1, 1).double()
    # Class 2 is predicted but absent: overlap 0 in the mean over three classes.
    assert intersection_over_union(output, labels).item() == pytest.approx((0.5 + 1 + 0) / 3)
    assert dice_loss(output, labels).item() == pytest.approx(1 - (2 / 3 + 1) / 2)


def test_ignored_pixels_have_no_effect() -> None:
    logits, labels = drawn((12,), 0.4)
    odd = logits.clone()
    odd[labels == IGNORED] = torch.nan
    for name in REFERENCES:
        metric = named(name)
        if name.startswith("next"):
            continue  # the logits of a position belong to another label
        dim = metric.class_dim == -1
        first, second = (
            metric.function(z if dim else z.movedim(-1, 1), labels) for z in (logits, odd)
        )
        assert torch.equal(first, second), name


@pytest.mark.parametrize("name", [name for name in REFERENCES if not name.startswith("next")])
def test_where_an_output_is_nan_nothing_is_right(name: str) -> None:
    """The largest of NaN is the first: an accuracy would be the share of some class."""
    logits, labels = drawn((12,), 0.0)
    logits[4, 3] = torch.nan
    metric = named(name)
    found = metric.function(logits if metric.class_dim == -1 else logits.movedim(-1, 1), labels)
    assert found.isnan().nonzero().flatten().tolist() == [4]


@pytest.mark.parametrize("name", [name for name in REFERENCES if not name.startswith("next")])
def test_example_with_only_ignored_labels(name: str) -> None:
    logits, labels = drawn((12,), 0.0)
    labels[4] = IGNORED
    metric = named(name)
    output = logits if metric.class_dim == -1 else logits.movedim(-1, 1)
    with pytest.raises(InputError, match=r"example 4 of a batch of 9 has only ignored labels"):
        metric.function(output, labels)


def test_first_label_is_no_next_token() -> None:
    logits, labels = drawn((12,), 0.0)
    labels[3, 1:] = IGNORED
    with pytest.raises(InputError, match="example 3"):
        next_token_loss(logits, labels)


def per_pixel(labels: Tensor) -> Problem:
    torch.manual_seed(0)
    return Problem(nn.Conv2d(1, 3, 1), (torch.randn(len(labels), 1, 4, 4), labels), device="cpu")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((5, IGNORED), "example 5 of a batch of 8 has only ignored labels"),
        ((slice(None), IGNORED), "example 0 of a batch of 8 has only ignored labels"),
        (((5, 0, 0), 3), "labels run from 0 to 3, but the network has 3 outputs"),
        (((5, 0, 0), -1), "labels run from -1 to 2"),
    ],
)
def test_labels_are_checked_before_a_run(change, says: str) -> None:  # type: ignore[no-untyped-def]
    labels = torch.arange(8 * 16).reshape(8, 4, 4) % 3
    labels[change[0]] = change[1]
    with pytest.raises(InputError, match=says):
        per_pixel(labels)


def test_ignored_pixels_are_accepted() -> None:
    labels = torch.arange(8 * 16).reshape(8, 4, 4) % 3
    labels[:, 0] = IGNORED
    problem = per_pixel(labels)
    assert problem.attributes["classes"] == 3


def test_label_of_a_whole_example_cannot_be_ignored() -> None:
    data = (torch.randn(6, 2), torch.tensor([0, 1, IGNORED, 1, 0, 1]))
    with pytest.raises(InputError, match="labels run from -100 to 1"):
        Problem(nn.Linear(2, 2), data, device="cpu")


def test_top_1_is_the_accuracy() -> None:
    output, target = torch.randn(50, 7), torch.randint(0, 7, (50,))
    assert torch.equal(top_k(1)(output, target), accuracy(output, target))


def plain(output: Tensor, target: Tensor) -> Tensor:
    return output[:, 0]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ([], []),
        (["top5", "iou"], ["top5", "iou"]),
        (["top5", "top5"], ["top5"]),
        ([plain, "mse"], ["plain", "mse"]),
        ({"norm": plain}, ["norm"]),
    ],
)
def test_requested_metrics(asked, names: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert list(more_metrics(asked)) == names


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["acuracy"], "unknown metric 'acuracy'.*top5.*did you mean 'accuracy'"),
        (["top0"], "unknown metric 'top0'"),
        (["topk"], "unknown metric 'topk'"),
        ("top5", r"expected a list, such as \['top5'\]"),
        ({"loss": plain}, "a metric called 'loss'"),
        ({"train_loss_stderr": plain}, "a metric called 'train_loss_stderr'"),
        ({"count": plain}, "a metric called 'count'"),
        ({"a/b": plain}, "a metric called 'a/b'"),
        ({"": plain}, "a metric called ''"),
        ([plain, lambda o, t: o[:, 1]], None),
    ],
)
def test_bad_metrics(asked, says: str | None) -> None:  # type: ignore[no-untyped-def]
    if says is None:
        asked[1].__name__ = "plain"
        says = "two metrics are called 'plain'"
    with pytest.raises(InputError, match=says):
        more_metrics(asked)


def test_comma_separated_names() -> None:
    assert names_in("accuracy, top5,my.module:f") == ["accuracy", "top5", "my.module:f"]
    with pytest.raises(InputError, match="an empty name"):
        names_in("accuracy,,top5")


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        (["top5"], "top5 needs 5 or more classes, but the network has 3 outputs.*top3"),
        (["iou"], "regions of an image"),
        (["pixel_accuracy"], "regions of an image"),
        (["token_loss"], r"token_loss needs logits of shape \(n, tokens, vocabulary\)"),
        ({"mine": lambda o, t: o}, r"metric 'mine' returned \(4, 3\) for 4 examples"),
        ({"mine": lambda o, t: 1.0}, "metric 'mine' returned float"),
        ({"mine": lambda o, t: o.sum(1)[:1]}, r"metric 'mine' returned \(1,\) for 4 examples"),
    ],
)
def test_metrics_that_do_not_fit_a_classifier(metrics, says: str) -> None:  # type: ignore[no-untyped-def]
    data = (torch.randn(6, 2), torch.tensor([0, 1, 2, 1, 0, 1]))
    with pytest.raises(InputError, match=says):
        Problem(nn.Linear(2, 3), data, metrics=metrics, device="cpu")


def test_hint_for_logits_of_tokens() -> None:
    data = (torch.randint(0, 5, (6, 4)), torch.randint(0, 5, (6, 4)))
    with pytest.raises(InputError, match=r"there are token_loss and next_token_loss"):
        Problem(nn.Embedding(5, 5), data, device="cpu")
    with pytest.raises(InputError, match=r"token_loss needs integer targets of shape \(n, 4\)"):
        Problem(nn.Embedding(5, 5), (data[0], data[1][:, 1:]), loss="token_loss", device="cpu")
