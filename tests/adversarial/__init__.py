"""An adversary of the de-identification, written without having read its rules."""
