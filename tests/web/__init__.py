"""Tests of `nvmx.web`: in node and in Chromium, `model.js` says what Python says."""
