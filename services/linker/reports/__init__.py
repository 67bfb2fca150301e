"""The de-identified DiagnosticReport: its schema, what is read from it, and how it is composed."""
