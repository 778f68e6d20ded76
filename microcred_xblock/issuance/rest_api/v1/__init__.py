"""Version 1. Fields may be added to answers; nothing is renamed or taken away."""
