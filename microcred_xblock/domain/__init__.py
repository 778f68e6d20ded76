"""The domain: frozen, validated values and the pure rules over them. Standard library only."""
