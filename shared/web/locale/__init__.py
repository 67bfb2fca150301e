"""The catalogues of what people read, one .po file per language, and ``python -m shared.web.locale``."""
