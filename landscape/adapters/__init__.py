"""Training frameworks: their trainers as problems, and the checkpoints of a training run."""
