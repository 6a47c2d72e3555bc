"""A model as one SELECT over a table that has a column for every feature and one that names the row.

It is written for PostgreSQL; `kan.export.dialects` translates it. The answer has the row's name, link_0 …,
response_0 …, base_value, contribution_<layer>_<source>_<target> …, and feature_0 … in the order of the features.

    source      features as numbers: NULL where a number is missing, the code of a category
    placed_l    nodes of layer l within their domains, and what lies beyond
    local_l     their place t in an interval, and the base function
    edges_l     the value of every edge, behind the first layer also its slope
    nodes_l     the sums
    reference   the traced reference rows;  pairs_l  every row beside every reference row, with the multipliers of
                layer l;  flow  the mean over the reference rows (none of them for a model of one layer, whose
                contributions are the activations minus their means)

Common table expressions are materialised where the database knows the word, so that none of them is copied into all
that use it. The names of features and of the table are quoted.
"""

import math
from collections.abc import Iterable, Sequence

from kan.export.pieces import Edge, NumericNode, Pieces, SplineCurve
from kan.features import CategoricalFeature, Feature
from kan.symbolic.evaluation import derivative
from kan.symbolic.library import SymbolicForm
from kan.symbolic.writing import code

_BOUNDED = "GREATEST(LEAST({}, 700.0), -700.0)"  # PostgreSQL's EXP refuses to overflow or underflow


def sql_select(pieces: Pieces, table: str, row_id: str) -> str:
    """Return the SELECT in PostgreSQL's SQL."""
    layers = range(len(pieces.shape) - 1)
    tables = [("source", _source(pieces, table, row_id))]
    for layer in layers:
        tables += _layer(pieces, layer, tables[-1][0])
    nodes = tables[-1][0]
    if _is_deep(pieces):
        tables.append(("reference", _reference(pieces)))
        before = f"{nodes} CROSS JOIN reference"
        for layer in reversed(layers[1:]):
            tables.append((f"pairs_{layer}", _pairs(pieces, layer, before)))
            before = f"pairs_{layer}"
        tables.append(("flow", _flow(pieces, before)))
    tables.append(("answers", _answers(pieces, nodes)))
    written = ",\n".join(f"{name} AS MATERIALIZED ({body})" for name, body in tables)
    return f"WITH {written}\n{_last(pieces, row_id)}"


def quoted(name: str) -> str:
    """Return a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def _is_deep(pieces: Pieces) -> bool:
    """Whether a contribution depends on pairs of a row and a reference row."""
    return any(_is_early(pieces, edge) for edge in pieces.explained)


def _is_early(pieces: Pieces, edge: Edge) -> bool:
    return edge.edge.layer < len(pieces.shape) - 2


def _select(columns: Iterable[str], table: str) -> str:
    return f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608  # its names are our own or quoted


def _key(edge: Edge) -> str:
    return str(edge.edge).replace(".", "_")


def _number(value: float) -> str:
    """Return a floating-point number, in brackets where it has a sign; no number is NULL."""
    if not math.isfinite(value):
        return "NULL"
    written = repr(value) if "e" in repr(value) else f"{value!r}e0"
    return f"({written})" if math.copysign(1.0, value) < 0 else written


def _double(expression: str) -> str:
    return f"CAST({expression} AS DOUBLE PRECISION)"


# From the table to the outputs


def _source(pieces: Pieces, table: str, row_id: str) -> str:
    columns = [f"{quoted(row_id)} AS row_id"]
    if _is_deep(pieces):
        columns.append(f"ROW_NUMBER() OVER (ORDER BY {quoted(row_id)}) AS row_place")
    columns += [f"{_encoded(feature)} AS x_{node}" for node, feature in enumerate(pieces.features)]
    return _select(columns, quoted(table))


def _encoded(feature: Feature) -> str:
    if not isinstance(feature, CategoricalFeature):
        return f"NULLIF({_double(quoted(feature.name))}, {_double(_text('NaN'))})"
    cases = " ".join(f"WHEN {_text(name)} THEN {position}" for position, name in enumerate(feature.categories))
    label = f"COALESCE(CAST({quoted(feature.name)} AS TEXT), '') COLLATE \"C\""
    return f"CASE {label} {cases} ELSE {len(feature.categories)} END"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _layer(pieces: Pieces, layer: int, before: str) -> list[tuple[str, str]]:
    """Return the tables from the nodes of one layer to those of the next."""
    edges = pieces.edges_of(layer)
    used = {
        n: node for n in sorted({edge.source for edge in edges}) if isinstance(node := pieces.nodes[n], NumericNode)
    }
    placed = [column for n, node in used.items() for column in _placed(n, node)]
    curved = {edge.source for edge in edges if isinstance(edge.curve, SplineCurve) and edge.curve.base == "silu"}
    local = [column for n, node in used.items() for column in _local(n, node, n in curved)]
    values = [column for edge in edges for column in _edge(pieces, edge)]
    sums = [f"{_node_sum(pieces, edges, n)} AS x_{n}" for n in pieces.nodes_of(layer + 1)]
    return [
        (f"placed_{layer}", _select(["*", *placed], before)),
        (f"local_{layer}", _select(["*", *local], f"placed_{layer}")),
        (f"edges_{layer}", _select(["*", *values], f"local_{layer}")),
        (f"nodes_{layer + 1}", _select([*_kept(pieces, layer), *sums], f"edges_{layer}")),
    ]


def _placed(n: int, node: NumericNode) -> list[str]:
    x, lower, upper = f"x_{n}", _number(node.lower), _number(node.upper)
    near = f"CASE WHEN {x} < {lower} THEN {lower} WHEN {x} > {upper} THEN {upper} ELSE {x} END"
    beyond = (
        f"CASE WHEN {x} < {_number(node.lowest)} THEN {x} - {lower} "
        f"WHEN {x} > {_number(node.highest)} THEN {x} - {upper} ELSE 0.0 END"
    )
    return [f"{near} AS near_{n}", f"{beyond} AS beyond_{n}", f"{_interval(x, node.breaks)} AS interval_{n}"]


def _interval(x: str, breaks: Sequence[float]) -> str:
    if not breaks:
        return "0"
    cases = " ".join(f"WHEN {x} < {_number(one)} THEN {interval}" for interval, one in enumerate(breaks))
    return f"CASE {cases} ELSE {len(breaks)} END"


def _local(n: int, node: NumericNode, needs_share: bool) -> list[str]:
    """Return u, t, and the share 1 / (1 + exp(-u)) that a silu takes of u."""
    u = f"(near_{n} - {_number(node.centre)}) / {_number(node.half_width)}"
    middle = _by_interval(n, [_number(one) for one in node.middles])
    half_length = _by_interval(n, [_number(one) for one in node.half_lengths])
    share = f"1.0 / (1.0 + EXP({_BOUNDED.format(f'-({u})')}))"
    columns = [f"{u} AS u_{n}", f"({u} - {middle}) / {half_length} AS t_{n}"]
    return [*columns, f"{share} AS share_{n}"] if needs_share else columns


def _by_interval(n: int, values: Sequence[str]) -> str:
    """Return the one of some expressions that belongs to the interval of a node."""
    if len(set(values)) == 1:
        return values[0]
    cases = " ".join(f"WHEN {interval} THEN {one}" for interval, one in enumerate(values))
    return f"(CASE interval_{n} {cases} END)"


def _edge(pieces: Pieces, edge: Edge) -> list[str]:
    """Return the columns of one edge."""
    columns = [f"{_double(_value(pieces, edge))} AS value_{_key(edge)}"]
    if edge.is_explained and not edge.is_first:
        columns.append(f"{_double(_slope(pieces, edge))} AS slope_{_key(edge)}")
    return columns


def _value(pieces: Pieces, edge: Edge) -> str:
    n, node = edge.source, pieces.nodes[edge.source]
    match edge.curve:
        case SplineCurve(coefficients, base, scale):
            within = _by_interval(n, [_polynomial(one, f"t_{n}") for one in coefficients])
            within += {
                "silu": f" + {_number(scale)} * u_{n} * share_{n}",
                "identity": f" + {_number(scale)} * u_{n}",
            }.get(base, "")
        case SymbolicForm() as form:
            within = code(form.expression, f"near_{n}", "sql")
        case table:
            cases = " ".join(f"WHEN {position} THEN {_number(one)}" for position, one in enumerate(table[:-1]))
            return f"CASE x_{n} {cases} ELSE {_number(table[-1])} END"
    lower, upper = (f"{_number(slope)} * beyond_{n}" for slope in edge.slopes)
    beyond = f"CASE WHEN beyond_{n} < 0.0 THEN {lower} WHEN beyond_{n} > 0.0 THEN {upper} ELSE 0.0 END"
    missing = f" ELSE {_number(edge.missing)}" if isinstance(node, NumericNode) and node.has_missing else ""
    return f"CASE WHEN x_{n} IS NOT NULL THEN {within} + {beyond}{missing} END"


def _slope(pieces: Pieces, edge: Edge) -> str:
    """Return the slope of an edge that starts at a hidden node."""
    n, node = edge.source, pieces.nodes[edge.source]
    assert isinstance(node, NumericNode)  # as every hidden node  # noqa: S101
    assert not isinstance(edge.curve, tuple)  # a table starts at a feature  # noqa: S101
    if isinstance(edge.curve, SymbolicForm):
        within = code(derivative(edge.curve.expression), f"near_{n}", "sql")
    else:
        within = _by_interval(n, [_polynomial(one, f"t_{n}") for one in _derivatives(edge.curve, node)])
        scale = _number(edge.curve.base_scale / node.half_width)
        silu = f" + {scale} * (share_{n} + u_{n} * share_{n} * (1.0 - share_{n}))"
        within += {"silu": silu, "identity": f" + {scale}"}.get(edge.curve.base, "")
    lower, upper = map(_number, edge.slopes)
    return f"CASE WHEN beyond_{n} < 0.0 THEN {lower} WHEN beyond_{n} > 0.0 THEN {upper} ELSE {within} END"


def _derivatives(curve: SplineCurve, node: NumericNode) -> list[list[float]]:
    """Return the polynomials of the slope per unit of the node."""
    return [
        [power * one / (half_length * node.half_width) for power, one in enumerate(coefficients)][1:]
        for coefficients, half_length in zip(curve.coefficients, node.half_lengths, strict=True)
    ]


def _polynomial(coefficients: Sequence[float], t: str) -> str:
    """Return Σ coefficients[n] · tⁿ in the scheme of Horner."""
    *lower, written = [_number(one) for one in coefficients]
    for one in reversed(lower):
        written = f"({written} * {t} + {one})"
    return written


def _node_sum(pieces: Pieces, edges: Sequence[Edge], n: int) -> str:
    terms = [_number(pieces.biases[n - len(pieces.features)])]
    return _double(" + ".join(terms + [f"value_{_key(edge)}" for edge in edges if edge.target == n]))


def _kept(pieces: Pieces, layer: int) -> list[str]:
    """Return what is needed of the nodes and edges up to one layer."""
    kept = ["row_id", "row_place"] if _is_deep(pieces) else ["row_id"]
    kept += [f"x_{n}" for one in range(1, layer + 1) for n in pieces.nodes_of(one)]
    for edge in pieces.explained:
        if edge.edge.layer <= layer:
            kept.append(f"value_{_key(edge)}")
            kept += [] if edge.is_first else [f"slope_{_key(edge)}"]
    return kept


# The contributions


def _reference(pieces: Pieces) -> str:
    """Return the first reference row; `further_rows` are added as they are, because they are numbers alone."""
    columns = _reference_columns(pieces)
    return "SELECT " + ", ".join(f"{_double(_number(column[0]))} AS {name}" for name, column in columns.items())


def further_rows(pieces: Pieces) -> str:
    """Return the other reference rows, in any database's SQL: to translate them would take most of the time."""
    rows = list(zip(*_reference_columns(pieces).values(), strict=True))[1:]
    return "".join(f"\n  UNION ALL SELECT {', '.join(_number(one) for one in row)}" for row in rows)


def _reference_columns(pieces: Pieces) -> dict[str, list[float]]:
    reference, columns = pieces.reference, {}
    for position, edge in enumerate(pieces.explained):
        columns[f"r_value_{_key(edge)}"] = reference.activations[:, position].tolist()
        if not edge.is_first:
            columns[f"r_slope_{_key(edge)}"] = reference.slopes[:, position].tolist()
            columns[f"r_x_{edge.source}"] = reference.starts[:, position].tolist()
    return columns


def _pairs(pieces: Pieces, layer: int, before: str) -> str:
    """Return the multipliers of the nodes of a hidden layer: Σ over their edges of multiplier · mean slope."""
    slopes = dict.fromkeys(pieces.nodes_of(layer), "0.0")
    for edge, largest in zip(pieces.explained, pieces.reference.largest.tolist(), strict=True):
        if edge.edge.layer == layer:
            above = f"multiplier_{edge.target} * " if _is_early(pieces, edge) else ""
            slopes[edge.source] += f" + {above}{_mean_slope(edge, largest, pieces.reference.rounding)}"
    columns = ["*", *(f"{slope} AS multiplier_{n}" for n, slope in slopes.items())]
    return _select(columns, before)


def _mean_slope(edge: Edge, largest: float, rounding: float) -> str:
    """Return Δφ/Δx, or the mean slope of both ends where that explains Δφ up to rounding."""
    key = _key(edge)
    change, step = f"(value_{key} - r_value_{key})", f"(x_{edge.source} - r_x_{edge.source})"
    mean = f"((slope_{key} + r_slope_{key}) / 2.0)"
    limit = f"{_number(rounding)} * (ABS(value_{key}) + {_number(largest)})"
    return f"CASE WHEN ABS({mean} * {step} - {change}) <= {limit} THEN {mean} ELSE {change} / NULLIF({step}, 0.0) END"


def _flow(pieces: Pieces, before: str) -> str:
    means = [
        f"AVG(multiplier_{edge.target} * (value_{_key(edge)} - r_value_{_key(edge)})) AS contribution_{_key(edge)}"
        for edge in pieces.explained
        if _is_early(pieces, edge)
    ]
    return f"{_select(['row_place AS flow_place', *means], before)} GROUP BY row_place"


def _answers(pieces: Pieces, nodes: str) -> str:
    """Return outputs, responses of one formula each, and the contributions of all edges."""
    links = [f"x_{n}" for n in pieces.outputs]
    columns = ["row_id", *(f"{link} AS link_{o}" for o, link in enumerate(links))]
    columns += [f"{one} AS response_{o}" for o, one in enumerate(_responses(pieces.response, links))]
    columns.append(f"{_double(_number(pieces.base_value))} AS base_value")
    for edge, mean in zip(pieces.explained, pieces.reference.means.tolist(), strict=True):
        own = "" if _is_early(pieces, edge) else f"value_{_key(edge)} - {_number(mean)} AS "
        columns.append(f"{own}contribution_{_key(edge)}")
    join = " JOIN flow ON row_place = flow_place" if _is_deep(pieces) else ""
    return _select(columns, nodes + join)


def _responses(response: str, links: Sequence[str]) -> list[str]:
    """Return the inverse link of every output, NULL where an output is."""
    if response == "softmax":
        largest = f"GREATEST({', '.join(links)})"
        shares = [f"EXP({_BOUNDED.format(f'{link} - {largest}')})" for link in links]
        return [_present(link, f"{share} / ({' + '.join(shares)})") for link, share in zip(links, shares, strict=True)]
    formula = {
        "identity": "{}",
        "exp": f"EXP({_BOUNDED})",
        "sigmoid": f"1.0 / (1.0 + EXP({_BOUNDED.format('-{}')}))",
    }[response]
    return [_present(link, formula.format(link)) for link in links]


def _present(link: str, response: str) -> str:
    return f"CASE WHEN {link} IS NOT NULL THEN {response} END"


def _last(pieces: Pieces, row_id: str) -> str:
    outputs = range(len(pieces.output_names))
    columns = [f"row_id AS {quoted(row_id)}", *(f"link_{o}" for o in outputs), *(f"response_{o}" for o in outputs)]
    columns += ["base_value", *(f"contribution_{_key(edge)}" for edge in pieces.explained)]
    for n in range(len(pieces.features)):
        terms = [f"contribution_{_key(edge)}" for edge in pieces.explained if edge.source == n]
        columns.append(f"{' + '.join(terms) if terms else _double('0.0')} AS feature_{n}")
    return _select(columns, "answers")
