"""Slide decks: from a notebook to sections of slides, and from these to one HTML file that runs reveal.js."""
