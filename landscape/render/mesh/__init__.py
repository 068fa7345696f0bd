"""Surfaces as meshes: pictures by PyVista, files for other 3-D software and for printers."""
