"""How much is too much: upper bounds of parameters, and whole numbers within them."""

from typing import Annotated

from convnets.harness.fields import whole

# More would take memory or days, and teach nothing.
MAX_LAYER_SIZE = 65_536  # units or filters
MAX_IMAGES = 10_000_000  # of a data set
MAX_CLASSES = 256  # labels are bytes
MAX_EPOCHS = 10_000
MAX_BATCH_SIZE = 65_536
MAX_STEPS_PER_EXECUTION = 10_000
MAX_PIXELS = 1_024  # of a window's side, or of a shift
MAX_LAYERS = 32  # of convolution


Depth = Annotated[int, whole(1, MAX_LAYER_SIZE)]
Pixels = Annotated[int, whole(1, MAX_PIXELS)]
Images = Annotated[int, whole(1, MAX_IMAGES)]
