"""Which report belongs to which Study, when either may leave the site, and the centre's clinical documents."""
