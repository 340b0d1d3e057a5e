"""What is checked of each edition, in Chromium."""
