"""A pandas table that reads like text: pandas sets everything at the right, and cuts what is long."""

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from ..model.html import Markup, html_table, tag

_SHORT = 24  # a row's label of so many letters stays on one line


class Table:
    """A DataFrame for a notebook: text at the left and never cut, numbers at the right, and no word for "missing".

    >>> import nvmx
    >>> Table(nvmx.run(["VMXON"], "intel")[["step", "outcome"]])
        step  outcome
    0  VMXON  success
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def __repr__(self) -> str:
        return repr(self.frame)

    def _repr_html_(self) -> Markup:
        frame = self.frame
        corner = " / ".join(str(name) for name in (frame.index.name, frame.columns.name) if name)
        numbers = [n for n, kind in enumerate(frame.dtypes, 1) if is_numeric_dtype(kind) and not is_bool_dtype(kind)]
        rows = [
            (_label(str(name)), *("" if gone else value for value, gone in zip(values, missing, strict=True)))
            for name, values, missing in zip(
                frame.index, frame.itertuples(index=False), frame.isna().to_numpy(), strict=True
            )
        ]
        return html_table("", (corner, *map(str, frame.columns)), rows, numbers=numbers)


def _label(name: str) -> Markup:
    return tag("b", name, style="white-space:nowrap") if len(name) <= _SHORT else tag("b", name)
