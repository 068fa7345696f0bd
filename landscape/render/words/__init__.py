"""What pictures say: names of quantities and directions, captions, numbers."""
