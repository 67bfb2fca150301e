"""Loaders: each reads what a site or a package has into terminologies; none brings data of its own."""
