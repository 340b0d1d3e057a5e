"""The parts of the edition that runs in the browser: its wheels, its lessons, and JupyterLite around them."""
