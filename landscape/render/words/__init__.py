"""The text of pictures: names of quantities and directions, captions, numbers."""
