"""REST, one package for each version: plumbing only. A new version is a new package; an old one keeps its promises."""
