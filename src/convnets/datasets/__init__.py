"""Kedro data sets for files that no library supports as needed here: IDX, images, models, checkpoints."""
