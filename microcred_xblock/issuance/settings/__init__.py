"""Settings that the plugin app brings into LMS and Studio."""
