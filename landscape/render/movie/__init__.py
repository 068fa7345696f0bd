"""Movies of surfaces, ``.gif`` and ``.mp4``: turntables, sequences, and changes of height."""
