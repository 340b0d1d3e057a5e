"""What a state, a check, a ladder and a verdict are: pure Python, with no hypervisor in it."""
