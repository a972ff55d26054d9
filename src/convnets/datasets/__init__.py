"""Files that no library keeps as these need it, as Kedro data sets: IDX, images, models, checkpoints."""
