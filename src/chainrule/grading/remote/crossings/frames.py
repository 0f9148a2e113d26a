"""Tables and columns of pandas, as data: arrays of their values, an index, names. Where nothing has
imported pandas there are none of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from chainrule.grading.remote.crossings.row import Crossing, exactly, of, typed
from chainrule.grading.remote.wire_types import CannotCross

__all__ = ["ROWS"]

_MOST_ROWS, _MOST_COLUMNS = 1 << 25, 10_000
_MASKED = re.compile(r"U?Int(?:8|16|32|64)|Float(?:32|64)|boolean|str|string")
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")


def _pandas(name: str) -> Any:
    return of("pandas", name)


# Values of a column or of an index ----------------------------------------------------------------


def _values_apart(column: Any) -> Any:
    """(how they are stored, data) of a Series or an Index. Raises CannotCross."""
    dtype, values = column.dtype, column.array
    if isinstance(dtype, np.dtype):
        return "numpy", column.to_numpy()
    kind = type(dtype).__name__
    if kind == "CategoricalDtype":
        return "category", (np.asarray(values.codes), values.categories, bool(values.ordered))
    if kind == "DatetimeTZDtype" and _ZONE.fullmatch(str(dtype.tz)):
        return "zone", (str(dtype.tz), np.asarray(values.tz_convert(None)))
    if kind == "PeriodDtype":
        return "period", (str(dtype).removeprefix("period[")[:-1], values.asi8)
    if kind == "IntervalDtype":
        return "interval", (values.left, values.right, str(values.closed))
    if _MASKED.fullmatch(str(dtype)):
        missing = np.asarray(values.isna(), bool)
        plain = np.asarray(values.astype(object), object)
        plain[missing] = None
        return str(dtype), plain.tolist()
    raise CannotCross(f"a column of {dtype}")


def _values_made(said: Any) -> Any:
    how, data = exactly(2, said)
    if how == "numpy":
        return _plain(data)
    if how == "category":
        codes, categories, ordered = exactly(3, data)
        dtype = _pandas("CategoricalDtype")(_index(categories), typed(ordered, bool))
        return _pandas("Categorical").from_codes(_plain(codes), dtype=dtype)
    if how == "zone":
        zone, moments = exactly(2, data)
        if not _ZONE.fullmatch(typed(zone, str)) or _plain(moments).dtype.kind != "M":
            raise CannotCross("times of no place")
        return _pandas("DatetimeIndex")(moments).tz_localize("UTC").tz_convert(zone).array
    if how == "period":
        freq, ordinals = exactly(2, data)
        return _pandas("PeriodIndex").from_ordinals(_plain(ordinals), freq=_freq(freq)).array
    if how == "interval":
        left, right, closed = exactly(3, data)
        array = of("pandas.arrays", "IntervalArray")
        return array.from_arrays(_index(left), _index(right), typed(closed, str))
    if not _MASKED.fullmatch(typed(how, str)):
        raise CannotCross("a column of an unknown kind")
    return _pandas("array")(typed(data, list), dtype=how)


def _freq(said: Any) -> str:
    if len(typed(said, str)) > 20:
        raise CannotCross("a frequency of too many letters")
    return said


def _plain(values: Any) -> np.ndarray:
    if typed(values, np.ndarray).ndim != 1 or len(values) > _MOST_ROWS:
        raise CannotCross("a column that is no column")
    return values


# An index -----------------------------------------------------------------------------------------


def _index(value: Any) -> Any:
    if not issubclass(type(value), _pandas("Index")):  # a proxy may say that it is one
        raise CannotCross("no index")
    return value


def _index_apart(value: Any) -> Any:
    return "values", _values_apart(value), value.name


def _dates_apart(value: Any) -> Any:
    return "dates", _values_apart(value), value.name, value.freqstr


def _range_apart(value: Any) -> Any:
    return "range", range(value.start, value.stop, value.step), value.name


def _many_apart(value: Any) -> Any:
    codes = [np.asarray(one) for one in value.codes]
    return "many", list(value.levels), codes, list(value.names)


def _index_made(said: Any) -> Any:
    how, *rest = typed(said, tuple)
    if how == "range":
        steps, name = rest
        if len(typed(steps, range)) > _MOST_ROWS:
            raise CannotCross("an index that is too long")
        return _pandas("RangeIndex")(steps, name=name)
    if how == "many":
        levels, codes, names = (typed(one, list) for one in rest)
        return _pandas("MultiIndex")(
            [_index(one) for one in levels], [_plain(one) for one in codes], names=names
        )
    values = _values_made(rest[0])
    if how == "dates":
        _, name, freq = rest
        made = _pandas("Index")(values, name=name)
        if freq is not None:
            made.freq = _freq(freq)  # which pandas holds against the values
        return made
    if how != "values":
        raise CannotCross("an index of an unknown kind")
    dtype = values.dtype if values.dtype == object else None
    return _pandas("Index")(values, dtype=dtype, name=rest[1], tupleize_cols=False)


# Series and tables --------------------------------------------------------------------------------


def _series_apart(value: Any) -> Any:
    _no_attributes(value)
    return _values_apart(value), value.index, value.name


def _series_made(said: Any) -> Any:
    values, index, name = exactly(3, said)
    data = _values_made(values)
    return _pandas("Series")(data, index=_index(index), dtype=data.dtype, name=name, copy=False)


def _table_apart(value: Any) -> Any:
    _no_attributes(value)
    if value.shape[1] > _MOST_COLUMNS:
        raise CannotCross("a table of too many columns")
    columns = [_values_apart(value.iloc[:, place]) for place in range(value.shape[1])]
    return value.columns, value.index, columns


def _table_made(said: Any) -> Any:
    names, index, columns = exactly(3, said)
    series = _pandas("Series")
    if len(typed(columns, list)) > _MOST_COLUMNS:
        raise CannotCross("a table of too many columns")
    data = {}
    for place, one in enumerate(columns):
        values = _values_made(one)
        data[place] = series(values, index=_index(index), dtype=values.dtype, copy=False)
    made = _pandas("DataFrame")(data, index=_index(index), columns=range(len(data)), copy=False)
    made.columns = _index(names)
    return made


def _no_attributes(value: Any) -> None:
    if value.attrs:
        raise CannotCross("a table with attributes of its own")


def _become(value: Any, other: Any) -> None:
    type(value).__init__(value, other)  # which pandas allows, and nothing else does it all


def _moment_apart(value: Any) -> Any:
    if value.tzinfo is not None and not _ZONE.fullmatch(str(value.tzinfo)):
        raise CannotCross("a time of an unknown place")
    zone = None if value.tzinfo is None else str(value.tzinfo)
    plain = value if zone is None else value.tz_convert(None)
    return plain.to_datetime64(), zone


def _moment_made(said: Any) -> Any:
    moment, zone = exactly(2, said)
    made = _pandas("Timestamp")(typed(moment, np.datetime64))
    if zone is None:
        return made
    if not _ZONE.fullmatch(typed(zone, str)):
        raise CannotCross("a time of an unknown place")
    return made.tz_localize("UTC").tz_convert(zone)


def _period_made(said: Any) -> Any:
    ordinal, freq = exactly(2, said)
    return _pandas("Period")(ordinal=typed(ordinal, int), freq=_freq(freq))


def _missing_made(said: Any) -> Any:
    return {"<NA>": _pandas("NA"), "NaT": _pandas("NaT")}[said]


_INDEXES = tuple(f"pandas:{name}Index" for name in ("", "Categorical", "Period", "Interval"))
_DATES = ("pandas:DatetimeIndex", "pandas:TimedeltaIndex")
ROWS = (
    Crossing("a DataFrame", ("pandas:DataFrame",), _table_apart, _table_made, become=_become),
    Crossing("a Series", ("pandas:Series",), _series_apart, _series_made, become=_become),
    Crossing(
        "an Index", _INDEXES, _index_apart, _index_made
    ),
    Crossing("an Index of dates", _DATES, _dates_apart, _index_made),
    Crossing("a RangeIndex", ("pandas:RangeIndex",), _range_apart, _index_made),
    Crossing("a MultiIndex", ("pandas:MultiIndex",), _many_apart, _index_made),
    Crossing("a Timestamp", ("pandas:Timestamp",), _moment_apart, _moment_made),
    Crossing(
        "a Timedelta", ("pandas:Timedelta",), lambda v: v.to_timedelta64(),
        lambda said: _pandas("Timedelta")(typed(said, np.timedelta64)),
    ),
    Crossing(
        "an Interval", ("pandas:Interval",), lambda v: (v.left, v.right, v.closed),
        lambda said: _pandas("Interval")(*exactly(3, said)),
    ),
    Crossing(
        "a Period", ("pandas:Period",), lambda v: (v.ordinal, v.freqstr),
        _period_made,
    ),
    Crossing(
        "a missing value of pandas", (), str, _missing_made,
        lambda v: type(v).__name__ in ("NAType", "NaTType") and type(v).__module__[:7] == "pandas.",
    ),
)  # fmt: skip
