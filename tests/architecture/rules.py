"""The rules about how a module may be written. Each takes a module and yields what offends, with its line."""

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.architecture.source import Module

Offences = Iterator[str]
Rule = Callable[[Module], Offences]
ENVIRONMENT: Final = ("os.environ", "os.environb", "os.getenv", "os.putenv")
PROCESSES: Final = ("subprocess", "multiprocessing", "os.fork", "os.forkpty", "os.system", "os.popen", "os.posix_spawn", "os.execv", "pty")
CLOCK: Final = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
)
MUTABLE: Final = ("list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "deque", "Counter", "Lock", "RLock", "local", "Queue")
CHANGES: Final = ("append", "extend", "insert", "add", "update", "pop", "popitem", "remove", "discard", "clear", "setdefault", "sort")
LONGEST_MODULE: Final = 400
LONGEST_FUNCTION: Final = 60


def environment(module: Module) -> Offences:
    """Reads the environment."""
    yield from _uses(module, ENVIRONMENT)


def processes(module: Module) -> Offences:
    """Starts a process."""
    yield from _uses(module, PROCESSES)


def clock(module: Module) -> Offences:
    """Reads the clock of the world; measuring how long something takes is another thing."""
    yield from _uses(module, CLOCK)


def state(module: Module) -> Offences:
    """Keeps state in the module: a container or lock that is no constant, a constant that is changed, a name that functions rebind."""
    constants = set()
    for node in module.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_mutable(node.value):
            name = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
            if _is_display(node.value) and (name.isupper() or name == "__all__"):
                constants.add(name)
            else:
                yield f"{module.path}:{node.lineno} {name}"
    for inner in ast.walk(module.tree):
        if isinstance(inner, ast.Global):
            yield f"{module.path}:{inner.lineno} global {', '.join(inner.names)}"
        elif isinstance(inner, ast.stmt | ast.expr) and (changed := _changed(inner)) in constants:
            yield f"{module.path}:{inner.lineno} {changed} is changed"


def size(module: Module) -> Offences:
    """Has grown past the hard limits; a migration is a list of columns that nobody edits again."""
    if "/migrations/versions/" in module.path:
        return
    lines = module.text.count("\n")
    if lines > LONGEST_MODULE:
        yield f"{module.path}: {lines} lines"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{module.path}:{node.lineno} {node.name}: {length} lines"


def docstring(module: Module) -> Offences:
    """A module with code says in its first words what it is for."""
    has_code = any(not isinstance(node, ast.Expr) for node in module.tree.body)
    if has_code and not module.docstring:
        yield module.path


def names(module: Module) -> Offences:
    """A class is named for what it is, not for being in charge of something."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            bare = node.name.lstrip("_")
            grand = bare.endswith(("Manager", "Helper", "Utils", "Util", "Handler"))
            if grand or (bare.startswith("Base") and len(bare) > 4 and bare[4].isupper()):
                yield f"{module.path}:{node.lineno} {node.name}"


def _uses(module: Module, dotted: tuple[str, ...]) -> Offences:
    """Attribute chains and imports that end in one of the names, by whatever name the module knows them."""
    known: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            known |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for line, chain in _chains(module, known):
        short = chain.removeprefix("datetime.")
        if any(name == option or name.startswith(option + ".") for name in (chain, short) for option in dotted):
            yield f"{module.path}:{line} {chain}"


def _chains(module: Module, known: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """What it imports, and every chain of attributes, with the line of each."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Attribute):
            head, _, rest = ast.unparse(node).partition(".")
            yield node.lineno, f"{known.get(head, head)}.{rest}"


def _is_mutable(value: ast.expr) -> bool:
    return _is_display(value) or (isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in MUTABLE)


def _is_display(value: ast.expr) -> bool:
    return isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def _changed(node: ast.stmt | ast.expr) -> str | None:
    """The name whose content a statement changes."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del) and isinstance(node.value, ast.Name):
        return node.value.id
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CHANGES
        and isinstance(node.func.value, ast.Name)
    ):
        return node.func.value.id
    return None


RULES: Final[tuple[tuple[Rule, frozenset[str]], ...]] = (
    (environment, frozenset({"archivo/settings.py", "ingest/tools/process.py"})),  # a child is given a few of the names, and no other
    (processes, frozenset({"ingest/tools/process.py"})),
    (clock, frozenset({"archivo/clock.py"})),
    (state, frozenset()),
    (size, frozenset()),
    (docstring, frozenset()),
    (names, frozenset()),
)
