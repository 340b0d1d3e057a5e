"""Sheets of paper: typst sets them in the templates here, from XML and JSON that Python makes."""
