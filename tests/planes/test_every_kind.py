"""Every kind of directions: by name, interrupted by a kill, resumed and drawn."""
