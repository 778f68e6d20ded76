"""Files of competencies, both ways."""
