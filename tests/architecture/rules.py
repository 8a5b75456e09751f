"""The house rules as functions: each takes one file and gives what is wrong in it, with what to write instead."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 50

# Where a broad `except` may stand, and why. A new place needs a reason here.
BROAD_EXCEPT_ALLOWED = {
    "denticode_desktop/background/worker.py": "the edge of the engine thread: one bad cycle must not end it",
    "denticode_desktop/console/main.py": "the edge of the console: an unexpected error becomes exit code 1",
    "denticode_desktop/pms/http.py": "a send does not raise for an answer: whatever escapes must count as UNKNOWN",
    "denticode_desktop/rehearsal/ascend_server.py": "the edge of a request's thread: a mistake of ours is not a fault",
    "denticode_desktop/services/sender_work.py": "the edge between our state and an adapter: any escape is UNKNOWN",
    "denticode_desktop/ui/task_runner.py": "the edge of a pool thread: the error travels to the window's thread",
}

# Where a sleep may stand, and why.
SLEEP_ALLOWED = {
    "denticode_desktop/security/rehearsal_file_store.py": "polls a file lock of another process: nothing announces it",
}

# Third-party package -> the packages of ours that may import it. pyproject.toml has an import-linter contract for each.
LIBRARIES = {
    "PySide6": {"ui"},
    "shiboken6": {"ui"},
    "sqlalchemy": {"storage"},
    "alembic": {"storage"},
    "sqlcipher3": {"storage"},
    "httpx": {"pms"},
    "truststore": {"pms"},
    "keyring": {"security"},
    "cryptography": {"security"},
    "apscheduler": {"background"},
    "click": {"console"},
    "platformdirs": {"config"},
    "msgspec": {"lab_files", "pms", "rehearsal", "storage"},
}


@dataclass(frozen=True)
class SourceFile:
    """One text file of the project; `path` is relative, with forward slashes."""

    path: str
    text: str

    @property
    def is_python(self) -> bool:
        """Tell whether this is Python source."""
        return self.path.endswith(".py")

    @property
    def package(self) -> str:
        """Name the package of ours that this file belongs to; empty outside the program."""
        parts = self.path.split("/")
        if parts[0] != "denticode_desktop":
            return ""
        return parts[1].removesuffix(".py") if len(parts) > 1 else ""

    @cached_property
    def imported(self) -> dict[str, str]:
        """Give every imported name with what it stands for: `from time import sleep as nap` gives nap: time.sleep."""
        known: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.split(".")[0]
                    known[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return known

    @cached_property
    def calls(self) -> list[tuple[int, str, ast.Call]]:
        """Give every call with its line and full dotted name, seen through imports under another name."""
        found: list[tuple[int, str, ast.Call]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                head, _, rest = ast.unparse(node.func).partition(".")
                name = self.imported.get(head, head)
                found.append((node.lineno, f"{name}.{rest}" if rest else name, node))
        return found

    @cached_property
    def tree(self) -> ast.Module:
        """Give the parsed source."""
        return ast.parse(self.text, filename=self.path)


@dataclass(frozen=True)
class Finding:
    """A broken rule: where, what, and what to write instead."""

    path: str
    line: int
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what} -> {self.instead}"


Rule = Callable[[SourceFile], Iterator[Finding]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _program(file: SourceFile) -> bool:
    return file.is_python and file.path.startswith("denticode_desktop/")


def _program_or_installer(file: SourceFile) -> bool:
    return _program(file) or (file.is_python and file.path.startswith("installer/"))


def _lines_matching(file: SourceFile, pattern: re.Pattern[str], instead: str) -> Iterator[Finding]:
    for number, line in enumerate(file.text.splitlines(), 1):
        for found in pattern.finditer(line):
            yield Finding(file.path, number, found[0].strip(), instead)


def file_is_short(file: SourceFile) -> Iterator[Finding]:
    """A file over about 450 lines is two files."""
    count = len(file.text.splitlines())
    if _program_or_installer(file) and count > MAX_FILE_LINES:
        yield Finding(file.path, count, f"{count} lines", f"split it: at most {MAX_FILE_LINES}")


def function_is_short(file: SourceFile) -> Iterator[Finding]:
    """A function fits on a screen; its docstring does not count."""
    if not _program_or_installer(file):
        return
    for node in ast.walk(file.tree):
        if isinstance(node, Function) and node.end_lineno is not None:
            first = node.body[0]
            documented = ast.get_docstring(node) is not None and first.end_lineno is not None
            count = node.end_lineno - node.lineno + 1
            if documented and first.end_lineno is not None:
                count -= first.end_lineno - first.lineno + 1
            if count > MAX_FUNCTION_LINES:
                what = f"{node.name} has {count} lines"
                yield Finding(file.path, node.lineno, what, f"name its parts: at most {MAX_FUNCTION_LINES}, aim at 40")


def public_names_have_docstrings(file: SourceFile) -> Iterator[Finding]:
    """In the core the docstring is the contract: every public module, class and function has one.

    A method may go without where its name, its types and the class say it all.
    """
    if not _program(file) or file.package not in {"domain", "ports", "services"} or not file.text.strip():
        return
    if ast.get_docstring(file.tree) is None:
        yield Finding(file.path, 1, "module without docstring", "say what it is for")
    for node in file.tree.body:
        if not isinstance(node, ast.ClassDef | Function) or node.name.startswith("_") or _is_overload(node):
            continue
        if ast.get_docstring(node) is None:
            yield Finding(file.path, node.lineno, f"{node.name} without docstring", "units, errors, what it promises")


def _is_overload(node: ast.ClassDef | Function) -> bool:
    return any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list)


def no_real_cdt_code(file: SourceFile) -> Iterator[Finding]:
    """CDT is licensed: no code of it ships, in tests and pictures neither."""
    yield from _lines_matching(file, re.compile(r"\bD\d{4}\b"), "a made-up T code")


def no_package_registry(file: SourceFile) -> Iterator[Finding]:
    """Where packages come from is the machine's business (pip's own settings, a proxy), not the project's."""
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com", "registry.yarn" + "pkg.com")
    pattern = re.compile("|".join(re.escape(host) for host in hosts))
    yield from _lines_matching(file, pattern, "leave the host to pip's configuration")


def no_machine_path(file: SourceFile) -> Iterator[Finding]:
    """A path of one machine means nothing on the next."""
    patterns = (
        r"(?<![\w.~:/-])/(?:work|root|tmp/venv)/[\w.-]+",
        r"(?<![\w.])/(?:home|Users)/\w+/",
        r"\b[A-Z]:\\{1,2}Users\\{1,2}\w+",
    )
    for pattern in patterns:
        yield from _lines_matching(file, re.compile(pattern), "a path relative to the project or from config/paths.py")


def type_ignore_has_code(file: SourceFile) -> Iterator[Finding]:
    """An ignore that names its error goes stale loudly."""
    if file.is_python:
        pattern = re.compile(r"#\s*type:\s*ignore(?!\[)(?=\s|$)")
        yield from _lines_matching(file, pattern, "`ignore[code]` and a reason")


def no_broad_except(file: SourceFile) -> Iterator[Finding]:
    """Only the edge of a thread or of the program catches everything; to tidy up and raise it on is fine anywhere."""
    if not _program_or_installer(file) or file.path in BROAD_EXCEPT_ALLOWED:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ExceptHandler) and ast.unparse(node.body[-1]) != "raise":
            caught = "" if node.type is None else ast.unparse(node.type)
            if not caught or re.search(r"\b(Base)?Exception\b", caught):
                what = f"except {caught}".strip()
                yield Finding(file.path, node.lineno, what, "named errors, or a reason in BROAD_EXCEPT_ALLOWED")


def no_sleep(file: SourceFile) -> Iterator[Finding]:
    """A sleep is too long or too short; an event or a passed-in clock is exact."""
    if file.path in SLEEP_ALLOWED or not (_program(file) or (file.is_python and file.path.startswith("tests/"))):
        return
    for line, name, _call in file.calls:
        if name == "time.sleep":
            yield Finding(file.path, line, name, "Event.wait(timeout), waitSignal, or the Clock port")


def no_print(file: SourceFile) -> Iterator[Finding]:
    """Only the console writes to standard output; a frozen window has none."""
    if not _program(file) or file.package == "console":
        return
    for line, name, _call in file.calls:
        if name == "print":
            yield Finding(file.path, line, "print(...)", "return it, publish an event, or log ids and counts")


DANGEROUS = {
    "eval": "parse what you expect",
    "exec": "a function",
    "yaml.load": "JSON",
    "os.system": "subprocess.run([...])",
    "os.popen": "subprocess.run([...])",
}


def no_dangerous_call(file: SourceFile) -> Iterator[Finding]:
    """Nothing that turns data into code."""
    if not file.is_python:
        return
    for line, name, call in file.calls:
        if name in DANGEROUS:
            yield Finding(file.path, line, name, DANGEROUS[name])
        elif name.split(".")[0] in {"pickle", "marshal", "shelve", "dill"}:
            yield Finding(file.path, line, name, "JSON, or a table")
        if any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in call.keywords):
            yield Finding(file.path, line, f"{name}(shell=...)", "a list of arguments")


AMBIENT = re.compile(
    r"(datetime\.)?(datetime\.(now|utcnow|today)|date\.today)|time\.(time|monotonic|perf_counter|localtime|gmtime)(_ns)?"
    r"|random\.\w+(\.\w+)*|secrets\.(token_\w+|randbelow|choice|randbits|SystemRandom)|uuid\.uuid[14]|os\.urandom"
)


def clock_and_chance_are_passed_in(file: SourceFile) -> Iterator[Finding]:
    """The core asks nobody for the time or for luck, so that a test can replay it."""
    if not _program(file) or file.package not in {"domain", "services"}:
        return
    for line, name, call in file.calls:
        is_imported = ast.unparse(call.func).split(".")[0] in file.imported  # and not a port of the same name
        if is_imported and AMBIENT.fullmatch(name):
            yield Finding(file.path, line, name, "the Clock or Randomness port, passed in")


def third_party_imports(file: SourceFile) -> Iterator[tuple[int, str]]:
    """Give each outside library a file of the program imports, with the line."""
    imported: list[tuple[int, str]] = []
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            imported += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported.append((node.lineno, node.module))
    for line, name in imported:
        library = name.split(".")[0]
        if library not in sys.stdlib_module_names and library not in {"denticode_desktop", "__future__"}:
            yield line, library


def library_is_placed(file: SourceFile) -> Iterator[Finding]:
    """Every outside library has one home; the core has none."""
    if not _program(file):
        return
    for line, library in third_party_imports(file):
        homes = LIBRARIES.get(library)
        if homes is None:
            yield Finding(file.path, line, f"import {library}", "the standard library, or a contract for it")
        elif file.package not in homes:
            yield Finding(file.path, line, f"import {library}", f"go through {' or '.join(sorted(homes))}")


def installer_is_standard_library(file: SourceFile) -> Iterator[Finding]:
    """Set-up runs before anything is installed."""
    setup = {"bootstrap", "checks", "commands", "environment", "processes", "progress", "system_packages"}
    if file.path not in {f"installer/{name}.py" for name in setup}:
        return
    for line, library in third_party_imports(file):
        if library != "installer":
            yield Finding(file.path, line, f"import {library}", "the standard library")


RULES: tuple[Rule, ...] = (
    file_is_short,
    function_is_short,
    public_names_have_docstrings,
    no_real_cdt_code,
    no_package_registry,
    no_machine_path,
    type_ignore_has_code,
    no_broad_except,
    no_sleep,
    no_print,
    no_dangerous_call,
    clock_and_chance_are_passed_in,
    library_is_placed,
    installer_is_standard_library,
)
