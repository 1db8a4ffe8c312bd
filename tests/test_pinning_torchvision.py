"""What the plugin is for: in a project of its own, with the wheel installed, five lines pin ResNet-18."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from wheels import ROOT, beside_our_packages, build, run

PAGE = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
TEST = """\
from nets import resnet18


def test_resnet18(introspect_baseline):
    introspect_baseline.check(resnet18(), (1, 3, 224, 224))
"""
NETS = "from torchvision.models import resnet18\n"
CHANGED = """\
import torchvision
from torch import nn


def resnet18():
    model = torchvision.models.resnet18()
    model.layer1[0].conv2 = nn.Conv2d(64, 64, 3, padding=1, bias=True)
    return model
"""
STEPS = '''
import pathlib, subprocess, sys, pytest

def step(nets, *options):
    """A run of pytest, as the first one of its process would be, save that PyTorch is imported already."""
    pathlib.Path("nets.py").write_text(nets)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("nets", "test_nets", "introspect", "introspect_torch")]:
        del sys.modules[name]
    print("<step>", flush=True)
    print("exit", int(pytest.main(["-p", "no:cacheprovider", *options])), flush=True)

def git(*arguments):
    subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *arguments], check=True)

step(NETS, "--introspect-update")
git("init", "--quiet"), git("add", "baselines"), git("commit", "--quiet", "-m", "the baseline")
step(NETS)
step(CHANGED)
step(CHANGED, "--introspect-update")
git("diff", "--numstat")
'''


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pinning")
    return beside_our_packages(build(folder), folder / "environment")


def test_five_lines_pin_resnet_18(python: Path, tmp_path: Path) -> None:
    assert len(TEST.splitlines()) == 5
    assert TEST.replace("nets", "torchvision.models") in PAGE
    (tmp_path / "test_nets.py").write_text(TEST)
    shutil.copy(ROOT / "tests" / "support" / "torchvision_torch.py", tmp_path / "conftest.py")  # a CPU build's missing half
    steps = f"NETS, CHANGED = {NETS!r}, {CHANGED!r}\n{STEPS}"
    _, blessed, held, failed, again = run(str(python), "-c", steps, cwd=tmp_path).split("<step>\n")

    assert "plugins: introspect-nn" in blessed
    assert "1 written" in blessed
    assert "exit 0" in held
    assert "1 passed" in held
    assert "introspect ==" not in held

    assert "exit 1" in failed
    print(failed)
    words = " ".join(line[4:] if line.startswith("E   ") else line for line in failed.splitlines()).split()
    said = " ".join(words)
    assert "layer1.0.conv2.bias" in said
    assert "bias_before_batchnorm" in said
    assert "filters = 64" in said

    for line in failed.splitlines():
        if line.startswith("E "):
            assert re.sub(r"torch \S+:", "torch 2.13.0+cpu:", line).rstrip() in PAGE.splitlines(), (
                "the page shows another screen"
            )

    assert "1 updated" in again
    assert again.split()[-3:] == ["1", "0", "baselines/test_nets/test_resnet18.json"]
