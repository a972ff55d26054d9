"""Images of one channel and of several: the same functions for both."""

import numpy as np

# Source: ITU-R BT.601, as Pillow's conversion to grey.
LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue


def with_channels(images: np.ndarray) -> np.ndarray:
    """Give images the axis of channels that convolution layers take.

    Args:
        images: (n, height, width) or (n, height, width, channels), any dtype.

    Returns:
        (n, height, width, channels), where (n, height, width) has one; a view.
    """
    return images if images.ndim == 4 else images[..., np.newaxis]  # noqa: PLR2004 - axes


def to_grey(images: np.ndarray) -> np.ndarray:
    """Reduce images to one channel.

    Args:
        images: (n, height, width) or (n, height, width, channels), float32.

    Returns:
        (n, height, width), float32: the luminance of three channels, the mean of other numbers of them, or the images
        as they are.
    """
    if images.ndim == 3:  # noqa: PLR2004 - axes
        return images
    weights = LUMINANCE if images.shape[-1] == len(LUMINANCE) else None
    grey: np.ndarray = np.average(images, axis=-1, weights=weights).astype(np.float32)
    return grey
