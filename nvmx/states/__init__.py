"""Every state at once, with numpy: outcomes, comparisons, histories and mutants of ladders.

`listing` lists the possible states; `space` fills an array with one dimension per axis; the others compare what they
find there.
"""
