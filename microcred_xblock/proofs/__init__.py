"""Keys, DIDs and the proofs put on credentials: Data Integrity, VC-JWT, JAdES."""
