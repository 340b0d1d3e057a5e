"""The parts of the site that are generated: from the notebooks, and from what nvmx holds."""
