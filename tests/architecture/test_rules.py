"""Every module keeps the rules of the house, and every rule is seen to catch what breaks it."""

import pytest

from tests.architecture.rules import RULES, Rule
from tests.architecture.source import Module, modules

BROKEN = {
    "environment": ["import os\nx = os.environ['HOME']\n", "from os import getenv\n", "import os as system\nsystem.getenv('A')\n"],
    "processes": ["import subprocess\n", "from multiprocessing import Process\n", "import os\nos.fork()\n", "from os import system\n"],
    "clock": [
        "from datetime import datetime\nnow = datetime.now()\n",
        "import datetime\nnow = datetime.datetime.now(datetime.UTC)\n",
        "import datetime as dt\ntoday = dt.date.today()\n",
        "import time\nnow = time.time()\n",
        "from time import time\n",
    ],
    "state": [
        "cache = {}\n",
        "seen: set[str] = set()\n",
        "from collections import defaultdict\nKNOWN = defaultdict(list)\n",
        "KNOWN = {'a': 1}\n\n\ndef learn(name):\n    KNOWN[name] = 1\n",
        "KNOWN = ['a']\n\n\ndef learn(name):\n    KNOWN.append(name)\n",
        "KNOWN = {'a'}\n\n\ndef learn(names):\n    KNOWN |= names\n",
        "import threading\nlock = threading.Lock()\n",
        "count = 0\n\n\ndef more():\n    global count\n    count += 1\n",
    ],
    "size": ["x = 1\n" * 401, "def long():\n" + "    x = 1\n" * 61],
    "docstring": ["x = 1\n"],
    "names": ["class IngestManager: ...\n", "class BaseStep: ...\n", "class _PageHelper: ...\n"],
}
KEPT = {
    "environment": '"""os.environ is read elsewhere."""\nimport os\npath = os.sep\n',
    "processes": "import os\npid = os.getpid()\n",
    "clock": "import time\nbegan = time.monotonic()\nfrom datetime import datetime\nd = datetime.fromisoformat('2024-01-01')\n",
    "state": "KNOWN = {'a': 1}\n_ROWS: list[str] = ['a']\n__all__ = ['x']\n\n\ndef f():\n    own = {}\n    own['a'] = KNOWN['a']\n",
    "size": "x = 1\n" * 400,
    "docstring": '"""What it is for."""\n\nx = 1\n',
    "names": "class Baseline: ...\nclass Pipeline: ...\n",
}
IDS = [rule.__name__ for rule, _ in RULES]


@pytest.mark.parametrize(("rule", "excepted"), RULES, ids=IDS)
def test_every_module_keeps(rule: Rule, excepted: frozenset[str]) -> None:
    offences = [offence for module in modules() if module.path not in excepted for offence in rule(module)]
    assert offences == [], f"{rule.__doc__}\n" + "\n".join(offences)


@pytest.mark.parametrize(("rule", "excepted"), RULES, ids=IDS)
def test_the_exceptions_are_still_needed(rule: Rule, excepted: frozenset[str]) -> None:
    idle = [module.path for module in modules() if module.path in excepted and not list(rule(module))]
    assert idle == []


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, _ in RULES for text in BROKEN[rule.__name__]])
def test_a_broken_rule_is_caught(rule: Rule, text: str) -> None:
    assert list(rule(Module("archivo/sample.py", text)))


@pytest.mark.parametrize(("rule", "excepted"), RULES, ids=IDS)
def test_what_keeps_a_rule_is_let_be(rule: Rule, excepted: frozenset[str]) -> None:
    assert list(rule(Module("archivo/sample.py", KEPT[rule.__name__]))) == []
