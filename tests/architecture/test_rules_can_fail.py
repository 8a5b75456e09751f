"""A rule that cannot fail protects nothing: each finds its bad snippet and leaves the good one alone."""

from __future__ import annotations

import pytest

from tests.architecture import rules
from tests.architecture.rules import RULES, Rule, SourceFile

DOMAIN = "denticode_desktop/domain/lab.py"
SERVICE = "denticode_desktop/services/sender.py"
PAGE = "denticode_desktop/ui/page.py"
TEST = "tests/unit/test_lab.py"
LONG_FUNCTION = "def f():\n" + "    pass\n" * rules.MAX_FUNCTION_LINES
FITTING_FUNCTION = "def f():\n" + "    pass\n" * (rules.MAX_FUNCTION_LINES - 1)
# Put together, so that this file keeps the rules it tests.
REAL_CODE = "D" + "1234"
IGNORE = "# type: " + "ignore"

BAD: list[tuple[Rule, str, str]] = [
    (rules.file_is_short, PAGE, "x = 1\n" * (rules.MAX_FILE_LINES + 1)),
    (rules.function_is_short, PAGE, LONG_FUNCTION),
    (rules.function_is_short, PAGE, "class A:\n    async " + LONG_FUNCTION.replace("\n", "\n    ")),
    (rules.public_names_have_docstrings, DOMAIN, "x = 1\n"),
    (rules.public_names_have_docstrings, DOMAIN, '"""M."""\nclass Lab:\n    pass\n'),
    (rules.public_names_have_docstrings, SERVICE, '"""M."""\nasync def send(): ...\n'),
    (rules.no_real_cdt_code, "README.md", f"for example {REAL_CODE}.\n"),
    (rules.no_package_registry, "installer/requirements.lock", "--index-url https://" + "pypi" + ".org/simple\n"),
    (rules.no_machine_path, "README.md", "see /work" + "/main/README.md\n"),
    (rules.no_machine_path, PAGE, 'p = "/home' + '/ana/labs"\n'),
    (rules.no_machine_path, PAGE, 'p = r"C:' + '\\Users\\ana"\n'),
    (rules.type_ignore_has_code, PAGE, f"x = 1  {IGNORE}\n"),
    (rules.no_broad_except, PAGE, "try:\n    f()\nexcept Exception:\n    pass\n"),
    (rules.no_broad_except, PAGE, "try:\n    f()\nexcept (OSError, BaseException) as e:\n    pass\n"),
    (rules.no_broad_except, "installer/build.py", "try:\n    f()\nexcept:\n    pass\n"),
    (rules.no_sleep, TEST, "import time\ntime.sleep(1)\n"),
    (rules.no_sleep, PAGE, "from time import sleep as rest\nrest(1)\n"),
    (rules.no_print, PAGE, "print('x')\n"),
    (rules.no_dangerous_call, PAGE, "import pickle\npickle.loads(b'')\n"),
    (rules.no_dangerous_call, TEST, "eval('1')\n"),
    (rules.no_dangerous_call, PAGE, "import yaml\nyaml.load('')\n"),
    (rules.no_dangerous_call, "installer/build.py", "import subprocess\nsubprocess.run('ls', shell=True)\n"),
    (rules.clock_and_chance_are_passed_in, DOMAIN, "from datetime import datetime, UTC\ndatetime.now(UTC)\n"),
    (rules.clock_and_chance_are_passed_in, DOMAIN, "import datetime as dt\ndt.date.today()\n"),
    (rules.clock_and_chance_are_passed_in, SERVICE, "import time\ntime.time()\n"),
    (rules.clock_and_chance_are_passed_in, SERVICE, "from random import random\nrandom()\n"),
    (rules.clock_and_chance_are_passed_in, SERVICE, "import uuid\nuuid.uuid4()\n"),
    (rules.library_is_placed, PAGE, "import httpx\n"),
    (rules.library_is_placed, DOMAIN, "def f():\n    from PySide6.QtCore import QObject\n"),
    (rules.library_is_placed, "denticode_desktop/pms/http.py", "import requests\n"),
    (rules.installer_is_standard_library, "installer/checks.py", "import httpx\n"),
]

GOOD: list[tuple[Rule, str, str]] = [
    (rules.file_is_short, PAGE, "x = 1\n" * rules.MAX_FILE_LINES),
    (rules.function_is_short, PAGE, FITTING_FUNCTION),
    (rules.function_is_short, PAGE, FITTING_FUNCTION.replace("():\n", '():\n    """Two\n\n    lines."""\n')),
    (rules.public_names_have_docstrings, DOMAIN, ""),
    (rules.public_names_have_docstrings, DOMAIN, '"""M."""\nclass _Lab:\n    pass\n'),
    (rules.public_names_have_docstrings, PAGE, "def f(): ...\n"),
    (rules.no_real_cdt_code, "README.md", "T0101, 0x" + REAL_CODE + ", D and four digits\n"),
    (rules.no_machine_path, PAGE, 'p = "/api/homes"\nq = "https://host.example/work/orders"\n'),
    (rules.type_ignore_has_code, PAGE, f"x = 1  {IGNORE}[assignment]\n"),
    (rules.no_broad_except, "denticode_desktop/background/worker.py", "try:\n    f()\nexcept Exception:\n    pass\n"),
    (rules.no_broad_except, PAGE, "try:\n    f()\nexcept OSError:\n    pass\n"),
    (rules.no_broad_except, PAGE, "try:\n    f()\nexcept BaseException:\n    undo()\n    raise\n"),
    (rules.no_sleep, "installer/environment.py", "import time\ntime.sleep(1)\n"),
    (rules.no_print, "denticode_desktop/console/main.py", "print('x')\n"),
    (rules.no_dangerous_call, PAGE, "import subprocess\nsubprocess.run(['ls'], shell=False)\n"),
    (rules.clock_and_chance_are_passed_in, SERVICE, "def f(random, time):\n    return random.get(), time.time()\n"),
    (rules.clock_and_chance_are_passed_in, SERVICE, "def f(clock):\n    return clock.now()\n"),
    (rules.clock_and_chance_are_passed_in, PAGE, "import time\ntime.time()\n"),
    (rules.library_is_placed, PAGE, "from PySide6.QtCore import QObject\nimport json\n"),
    (rules.installer_is_standard_library, "installer/checks.py", "import json\nfrom installer import commands\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_rule_bad_snippet_is_found_with_line_and_replacement(rule: Rule, path: str, text: str) -> None:
    findings = list(rule(SourceFile(path, text)))

    assert findings
    assert all(finding.line >= 1 and finding.instead for finding in findings)
    assert str(findings[0]).startswith(f"{path}:")


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_rule_good_snippet_passes(rule: Rule, path: str, text: str) -> None:
    assert not [str(finding) for finding in rule(SourceFile(path, text))]


def test_every_rule_is_seen_failing() -> None:
    assert {rule for rule, _, _ in BAD} == set(RULES)
