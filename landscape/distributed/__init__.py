"""One surface by many processes: parts of it, who computes what, and whether they agree."""
