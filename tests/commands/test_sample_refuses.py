"""landscape.sample: bad input ends with status 2 and one message, and changes no file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.calls import (
    SAMPLE,
    USERS,
    Bad,
    bad,
    check_refused,
)

NETWORK = [
    bad("sample", "--model vgg16 --weights none.pt", "'vgg16'", "resnet56", "module:function"),
    bad("sample", "--model resnet9 --weights projection.pt", "depth 9", "depth 8"),
    bad("sample", "--model resnet20 --weights projection.pt", "depth 20", "depth 8 (resnet8)"),
    bad("sample", "--model resnet56", "no weights", "--weights CHECKPOINT"),
    bad("sample", "--weights missing.pt", "missing.pt does not exist", "torch.save"),
    bad("sample", "--weights half", "half is a folder"),
    bad("sample", "--weights cut.pt", "cut.pt (2,000 bytes)", "truncated", "download"),
    bad("sample", "--weights picture.png", "not written by torch.save", "PNG"),
    bad("sample", "--weights surface.h5", "not written by torch.save", "HDF"),
    bad("sample", "--weights evil.pt", "posix.system", "not opened", "save only the weights"),
    bad("sample", "--weights other.pt", "does not match any built-in network", "module:function"),
    bad("sample", "--weights unsaid.pt", "--shortcuts identity or --shortcuts none"),
    bad("sample", "--weights unsaid.pt --shortcuts projection", "does not fit", "shortcut.0"),
    bad("sample", "--weights projection.pt --shortcuts none", "shortcuts none", "projection"),
    bad("sample", "--weights none.pt --shortcuts identity", "shortcuts identity", "none"),
    bad("sample", "--weights none.pt --shortcuts skip", "'skip'", "projection, identity, none"),
    bad("sample", "--weights projection.pt --width 2", "width 2", "width 1"),
    bad("sample", "--weights projection.pt --width two", "--width", "'two'"),
    bad("sample", "--weights projection.pt --width 2 --settings width=2", "width is given twice"),
    bad(
        "sample", "--weights projection.pt --settings width=two", "width", "'two'", "a whole number"
    ),
    bad("sample", "--weights projection.pt --settings growth=3", "'growth'", "width, in_channels"),
    bad("sample", "--weights projection.pt --settings growth", "--settings 'growth'", "KEY=VALUE"),
    bad("sample", "--weights projection.pt --settings width=", "--settings 'width='", "KEY=VALUE"),
    bad("sample", "--weights none.pt --settings width=1,,", "--settings 'width=1,,'", "KEY=VALUE"),
    bad(
        "sample", "--weights none.pt --settings width=1 --settings width=2", "width twice: 1 and 2"
    ),
    bad("sample", "--model resnet34 --weights none.pt", "requested resnet34", "is of resnet8"),
    bad("sample", "--settings width=1 -o new.h5", "--settings needs a network"),
    bad("sample", "--model users:good --settings classes=3", "--settings classes", "is your own"),
    bad("sample", "--model users:good --weights projection.pt", "does not fit users:good"),
    bad("sample", "--model users:good --width 2", "--width", "users:good is your own"),
    bad("sample", "--model nowhere:f", "nowhere:f", "No module named", "module:function"),
    bad("sample", "--model users:absent", "'absent' of users does not exist", "function"),
    bad("sample", "--model users:number", "is a int", "expected a function"),
    bad("sample", "--model :f", "cannot import ''", "package.module:function"),
    bad("sample", "--model .users:f", "cannot import '.users'"),
    bad("sample", "--model broken:f", "cannot import 'broken'", "SyntaxError", "line 1"),
    bad("sample", "--model raising:f", "cannot import 'raising'", "SystemExit", "7"),
    bad("sample", "--model users:nothing", "users:nothing() returned NoneType", "torch.nn.Module"),
    bad("sample", "--model users:failing", "RuntimeError: out of ideas", "line 20 of users.py"),
    bad("sample", "--model users:asserting", "AssertionError", "line 23 of users.py"),
    bad("sample", "--model users:needs", "users:needs failed", "TypeError", "something"),
]

DATA = [
    bad("sample", [*SAMPLE, "--data", "digit"], "'digit'", "did you mean 'digits'?"),
    bad(
        "sample",
        [*SAMPLE, "--data", "digits:here"],
        "digits:here",
        "expected digits without a path",
    ),
    bad("sample", [*SAMPLE, "--data", "cifar10"], "cifar10:PATH"),
    bad("sample", [*SAMPLE, "--data", "cifar10:gone"], "gone", "no such file or folder"),
    bad("sample", [*SAMPLE, "--data", "cifar10:cut.npz"], "cut.npz", "not a readable .npz"),
    bad("sample", [*SAMPLE, "--data", "cifar10:half"], "half", "missing", "repeat it"),
    bad("sample", [*SAMPLE, "--data", "cifar10:text.txt"], "text.txt", ".npz"),
    bad("sample", [*SAMPLE, "--data", "cifar.npz"], "(3, 32, 32)", "cifar.npz: the network"),
    bad("sample", [*SAMPLE, "--data", "gone/batches"], "did you mean 'cifar10:gone/batches'?"),
    bad("sample", [*SAMPLE, "--data", "cifar10:cifar.npz"], "(3, 32, 32)", "cifar10:cifar.npz"),
    bad("sample", [*SAMPLE, "--data", "torchvision:Cats"], "'Cats'", "CIFAR10"),
    bad("sample", [*SAMPLE, "--preprocess", "cifar"], "'cifar'", "did you mean 'cifar10'?"),
    bad("sample", [*SAMPLE, "--preprocess", "cifar10"], "3 channels", "(1, 8, 8)"),
    bad("sample", [*SAMPLE, "--preprocess", "0.5/0"], "0.5/0", "positive"),
    bad("sample", [*SAMPLE, "--split", "valid"], "'valid'", "train, test, both"),
    bad("sample", [*SAMPLE, "--limit", "0"], "--limit 0", "at least 1"),
    bad("sample", [*SAMPLE, "--limit", "-5"], "--limit -5", "at least 1"),
    bad("sample", [*SAMPLE, "--limit", "many"], "--limit", "'many'"),
    bad("sample", [*SAMPLE, "--batch-size", "0"], "--batch-size 0", "at least 1"),
    bad("sample", [*SAMPLE, "--loss", ""], "unknown loss ''", "cross_entropy, mse"),
    bad("sample", [*SAMPLE, "--loss", "hinge"], "'hinge'", "cross_entropy, mse"),
    bad("sample", [*SAMPLE, "--loss", "users:mean_loss"], "(n,)", "reduction='none'"),
    bad("sample", [*SAMPLE, "--loss", "users:failing_loss"], "KeyError: 'weights'", "users.py"),
    bad("sample", [*SAMPLE, "--loss", "users:absent"], "--loss users:absent", "function"),
    bad("sample", [*SAMPLE, "--metrics", "top5,acuracy"], "metric 'acuracy'", "'accuracy'", "iou"),
    bad("sample", [*SAMPLE, "--metrics", "top5,"], "--metrics 'top5,'", "an empty name"),
    bad("sample", [*SAMPLE, "--metrics", "top11"], "top11 needs 11", "10 outputs", "top10"),
    bad("sample", [*SAMPLE, "--metrics", "users:absent"], "--metrics users:absent", "function"),
    bad("sample", [*SAMPLE, "--metrics", "users:mean_loss"], "metric 'mean_loss'", "(n,)"),
    bad("sample", [*SAMPLE, "--metrics", "users:failing_loss"], "KeyError: 'weights'"),
    bad("sample", [*SAMPLE, "--metrics", "users:random"], "'random' is not deterministic"),
    bad("sample", "--weights five.pt", "labels run from 0 to 9", "5 outputs"),
    bad("sample", "--model users:few_classes", "labels run from 0 to 9", "5 outputs"),
]

PLANE = [
    *[
        bad("sample", [*SAMPLE, f"--x={text}"], f"--x={text}", word, "--x=-1:1:51")
        for text, word in [
            ("1:0:5", "start is not below stop"),
            ("1:0:x", "'x' is not a whole number"),
            ("-1:1:2.5", "'2.5' is not a whole number"),
            ("-1:1:0", "0 points"),
            ("-1:1:-3", "-3 points"),
            ("0:1", "2 parts"),
            ("0:1:2:3", "4 parts"),
            ("nan:1:3", "not finite"),
            ("0:inf:3", "not finite"),
            ("-1e308:1e308:5", "too far apart"),
            ("-1:1:100000000000", "more than 1,000,000 points"),
            ("-1:1:999999999999999999999999", "more than 1,000,000 points"),
            ("-1:1:1", "two ends"),
            ("", "not numbers"),
            ("a:b:3", "not numbers"),
        ]
    ],
    bad("sample", [*SAMPLE, "--y=1:0:5"], "--y=1:0:5", "start is not below stop"),
    bad("sample", "--weights projection.pt --y=-1:1:3", "--y=-1:1:3 without --x"),
    bad("sample", [*SAMPLE, "--norm", "filters"], "'filters'", "did you mean 'filter'?"),
    bad("sample", [*SAMPLE, "--ignore", "bn"], "'bn'", "biasbn, none"),
    bad("sample", [*SAMPLE, "--seed", "-1"], "--seed -1", "from 0 to 2^64 - 1"),
    bad("sample", [*SAMPLE, "--seed", str(2**64)], f"--seed {2**64}", "from 0 to 2^64 - 1"),
    bad("sample", [*SAMPLE, "--seed", "1.5"], "--seed", "'1.5'"),
    bad("sample", [*SAMPLE, "--directions", "randm"], "'randm'", "did you mean 'random'?"),
    bad("sample", [*SAMPLE, "--directions", "gone.h5"], "gone.h5 does not exist"),
    bad("sample", [*SAMPLE, "--directions", "cut.h5"], "cut.h5", "not a readable HDF5 file"),
    bad("sample", [*SAMPLE, "--directions", "other.h5"], "no group 'xdirection'", "something"),
    bad("sample", [*SAMPLE, "--directions", "users:absent"], "--directions users:absent"),
    bad("sample", [*SAMPLE, "--directions", "users:failing_direction"], "ZeroDivisionError"),
    bad("sample", [*SAMPLE, "--device", "gpu"], "'gpu'", "auto, cpu, cuda"),
    bad("sample", [*SAMPLE, "--device", "cpu:"], "'cpu:'", "auto, cpu, cuda"),
    bad("sample", [*SAMPLE, "--device", "cuda:x"], "'cuda:x'", "cuda:N"),
    bad("sample", [*SAMPLE, "--device", "cuda:99"], "cuda:99", "CUDA devices", "--device cpu"),
    bad("sample", [*SAMPLE, "--colour", "red"], "--colour"),
    bad("sample", [*SAMPLE, "extra"], "extra"),
]

OUTPUT = [
    bad("sample", [*SAMPLE, "-o", "text.txt"], "text.txt is not a readable HDF5 file"),
    bad("sample", [*SAMPLE, "-o", "cut.h5"], "cut.h5 is not a readable HDF5 file"),
    bad("sample", [*SAMPLE, "-o", "other.h5"], "not a surface", "something"),
    bad("sample", [*SAMPLE, "-o", "surface.h5"], "a different run", "grid", "-1:1:3", "-1:1:2"),
    bad(
        "sample", [*SAMPLE, "-o", "mine.h5", "--seed", "7"], "seed: the file has 0, this run has 7"
    ),
    bad("sample", [*SAMPLE, "-o", "mine.h5", "--norm", "layer"], "the file has filter", "layer"),
    bad("sample", [*SAMPLE, "-o", "mine.h5", "--limit", "6"], "examples: the file has 5", "6"),
    bad("sample", [*SAMPLE, "-o", "mine.h5", "--split", "test"], "train_loss", "test_loss"),
    bad("sample", [*USERS, "--y=-1:1:2", "-o", "mine.h5"], "model: the file has resnet8", "users"),
    bad("sample", "--weights projection.pt --x=auto:5 --y=-1:1:3", "both axes", "leave --y out"),
    bad("sample", "--x=auto:5 --y=-1:1:3", "both axes", "leave --y out"),
    bad("sample", "--x=auto:zero", "--x=auto:zero", "auto:count"),
    bad("sample", [*SAMPLE, "-o", "half"], "half", "is a folder"),
    bad("sample", [*SAMPLE, "-o", "gone/s.h5"], "gone/s.h5", "does not exist", "create it"),
    bad("sample", [*SAMPLE, "-o", "text.txt/s.h5"], "text.txt/s.h5", "is not a folder"),
    bad("sample", [*SAMPLE, "-o", "mine.h5", "--save-directions", "gone/d.h5"], "gone/d.h5"),
    bad(
        "sample",
        [*SAMPLE, "-o", "surface.h5", "--save-directions", "other.h5"],
        "other.h5",
        "not a direction file",
    ),
]

DEFAULT_JOB = [
    bad("sample", "--norm layer", "--norm needs a network", "--model or --weights", "--problem"),
    bad("sample", "--data cifar10:cifar.npz", "--data needs a network", "default job"),
    bad("sample", "--save-directions d.h5", "--save-directions needs a network"),
    bad("sample", "--live", "--live needs a network", "default job"),
    bad("sample", "--batch-size 4", "--batch-size needs a network"),
    bad("sample", "--x=1:0:5", "--x=1:0:5", "start is not below stop"),
    bad("sample", "--y=0:1", "--y=0:1", "2 parts"),
    bad("sample", "--limit 0", "--limit 0", "at least 1"),
    bad("sample", "--seed -1", "--seed -1", "from 0 to 2^64 - 1"),
    bad("sample", "--device gpu", "'gpu'", "auto, cpu, cuda"),
    bad("sample", "-o text.txt --limit 5", "text.txt", "Not a directory"),
]


@pytest.mark.parametrize("case", [*NETWORK, *DATA, *PLANE, *OUTPUT, *DEFAULT_JOB], ids=str)
def test_bad_input(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    check_refused(folder, case, capsys)
