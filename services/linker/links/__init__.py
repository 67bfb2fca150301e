"""The rules and records of links that gateway and centre share; imports no other room of the linker."""
