"""A lecture on convolutional neural networks as a Kedro project."""
