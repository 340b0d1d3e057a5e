"""`nvmx sources`, `nvmx axes` and `nvmx ladder`: the rows themselves."""

import click

from ..ladders import all_sources
from ..ladders import ladder as find_ladder
from ..model.axis import AXES
from ..model.box import condition_text
from .options import format_option
from .output import show_rows


@click.command()
@format_option("text", "csv", "json")
def sources(form: str) -> None:
    """List the sources: who says how they end."""
    names = ["id", "date", "title", "instructions", "reference", "note"]
    rows = [
        (each.id, each.date, each.title, [ladder.instruction for ladder in each.ladders], each.reference, each.note)
        for each in all_sources().values()
    ]
    show_rows(names, rows, form, only=["id", "date", "title", "instructions"])


@click.command()
@format_option("text", "csv", "json")
def axes(form: str) -> None:
    """List the axes: bits and modes that checks read."""
    names = ["axis", "keyword", "values", "ready", "where", "meaning", "set_by", "source"]
    rows = [
        (axis.name, axis.keyword, axis.values, axis.ready, axis.where, axis.meaning, axis.set_by, axis.source)
        for axis in AXES
    ]
    show_rows(names, rows, form, only=["axis", "keyword", "values", "ready", "where"])


@click.command()
@click.argument("instruction")
@click.argument("source")
@format_option("text", "csv", "json")
def ladder(instruction: str, source: str, form: str) -> None:
    """List the checks of a source, in order.

    The first that fires decides; if none does, the instruction succeeds.
    """
    found = find_ladder(instruction, source)
    names = ["number", "asks for", "fires if", "ends in", "error", "checked by", "reason", "written in"]
    rows = [
        (number, rung.name, condition_text(rung.when), rung.outcome, rung.error, rung.by, rung.reason, rung.source)
        for number, rung in enumerate(found.rungs, 1)
    ]
    show_rows(names, rows, form, only=["number", "asks for", "fires if", "ends in", "error", "checked by"])
