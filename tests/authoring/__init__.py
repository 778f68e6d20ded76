"""The author's side, part by part."""
