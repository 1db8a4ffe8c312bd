"""Which smallest change makes a model yield a number that somebody claims."""
