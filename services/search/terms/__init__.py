"""Completes what people type with the terms in use: kanji, kana, romaji, synonyms, English, codes, typing errors."""
