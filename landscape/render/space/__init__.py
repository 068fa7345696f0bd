"""3-D surfaces: their shape, the camera and the projection."""
