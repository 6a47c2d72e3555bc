"""Measurements side by side with other libraries; nothing here is a test."""
