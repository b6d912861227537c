"""The house, drawn from the imports."""

from collections import defaultdict

import grimp

from tools.reference.markdown import heading

FLOORS = (
    ("cli",),
    ("client", "server", "testing"),
    ("app",),
    ("flows",),
    ("services",),
    ("engine",),
    ("providers",),
    ("dialects",),
    ("contract",),
    ("types",),
)


def page() -> str:
    """The floors with their sizes and the imports between them, as a diagram; cycles would be named."""
    graph = grimp.build_graph("genmux", exclude_type_checking_imports=True, cache_dir=None)
    order = {name: level for level, names in enumerate(FLOORS) for name in names}
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            edge = (_floor(module), _floor(imported))
            if edge[0] != edge[1] and order.keys() >= {*edge}:
                counted[edge] += 1
    upward = [f"{one} → {other}" for one, other in sorted(counted) if order[one] >= order[other]]
    lines = ["```mermaid", "flowchart TD"]
    for names in FLOORS:
        for name in names:
            size = sum(1 for module in graph.modules if _floor(module) == name)
            lines.append(f'  {name}["{name}<br/>{size} module{"s" if size > 1 else ""}"]')
    lines += [f"  {high} --> {low}" for high, low in sorted(counted) if _is_longest(high, low, counted)]
    lines.append("```")
    head = heading(
        "The house",
        "Data walks in at the door (client, server, command line), goes down the stairs, leaves through one letter-box (the "
        "engine) and comes back up. Stairs only go down, rooms on one floor do not open into each other, and only the engine "
        "touches the network. `make check` holds this with import-linter; this page is drawn from the same imports "
        "(arrows that another path implies are left out).",
    )
    verdict = (
        f"Imports that go up: {', '.join(upward)}."
        if upward
        else "No import goes up, and there is no cycle between floors."
    )
    return f"{head}\n" + "\n".join(lines) + f"\n\n{verdict}\n"


def _floor(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _is_longest(high: str, low: str, edges: dict[tuple[str, str], int]) -> bool:
    """Whether no other way leads from one floor to the other."""
    reached = {between for start, between in edges if start == high and between != low}
    seen: set[str] = set()
    while reached:
        between = reached.pop()
        if between == low:
            return False
        if between not in seen:
            seen.add(between)
            reached |= {end for start, end in edges if start == between}
    return True
