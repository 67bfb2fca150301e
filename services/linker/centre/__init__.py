"""The linker at the centre: keeps reports, links, diagnoses, annotations and recalls, and publishes each change."""
