"""The model: what a state, a check, a ladder and a verdict are.  Pure Python, with no hypervisor in it.

Reading order: `axis`, `outcome`, `instruction`, `box`, `rules`, `modes`, `state`, `ladder`, `verdict`.  The other files
are `registers` (from raw register values to a state), `karnaugh` (the layout of a map), `mutant` (the single faults of
a ladder), and the tools `errors`, `frozen`, `html` and `sentence`.

The words, each with an example:

axis      a bit or mode that a check can read, and a table column: `CR4.VMXE` (keyword `cr4_vmxe`)
value     what an axis can be: 0 or 1 for `CR4.VMXE`, "off", "root" or "non-root" for `VMX`
state     one value for every axis: what the processor looks like when the instruction is executed
ready     the state in which every check passes, and the values in it: `CR4.VMXE` = 1, `CPL` = 0, ...
box       a condition: the values that some axes must have, every other axis being a don't-care: {CPL: 1, 2 or 3}
outcome   how an instruction ends, one of eight: "success", "#UD", "#GP(0)", ...
rung      one check as a row: it fires in the states of its box, and ends the instruction with its outcome
ladder    the rungs of one source for one instruction, in order: the first that fires decides; if none does, success
masked    said of a rung that fires, too, but after the one that decides: it would also fail
source    a text that decides: Intel's manual, or one version of one hypervisor: `kvm-2011`
domain    the values of an axis about which a source says something; a ladder's `narrow` leaves out the others
possible  said of a state that no rule forbids: a processor can be in it, and an axis that means nothing there has the
          one value at which such states are counted
repair    the fewest changes to a state after which the instruction ends in another outcome, usually success
code      the index of a value among the values of its axis (or of an outcome in `OUTCOMES`), for numpy arrays
"""
