"""Tests of `nvmx.bochs`: what a processor did, and what must never pass for an answer of a processor."""
