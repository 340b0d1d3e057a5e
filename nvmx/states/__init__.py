"""Every state at once, with numpy: outcomes, comparisons, histories and mutants of ladders."""
