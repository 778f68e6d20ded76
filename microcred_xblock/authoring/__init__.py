"""What an author sees and says of a pill in Studio: forms, checks, previews. Pure, but for what ``studio`` hands in."""
