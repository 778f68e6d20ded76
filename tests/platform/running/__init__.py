"""Tests against running servers: a real LMS, Studio, Celery workers, and the demonstration's wallet."""
