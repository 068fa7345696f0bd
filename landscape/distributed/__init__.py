"""Sample one surface with several processes: parts, work distribution and verification."""
