"""Tests of services/linker/gateway/delivery."""
