"""Change training images at random: shifted, rotated, zoomed, noisy, anew in each epoch."""

from collections.abc import Sequence

import numpy as np

from convnets.training_parameters import Augmentation


def augment(images: np.ndarray, augmentation: Augmentation, key: tuple[int, ...]) -> np.ndarray:
    """Change images at random, each in its own way.

    Args:
        images: (n, height, width) or (n, height, width, channels), float32; not changed.
        augmentation: How, and how much.
        key: Of the random numbers, each 0 or more: the same gives the same.

    Returns:
        Images of the same shape, float32. What comes in from outside of an image is 0; noise may leave 0 to 1.
    """
    random = np.random.default_rng(key)
    if augmentation.shift or augmentation.rotation or augmentation.zoom:
        images = transform(images, *random_maps(images.shape[:3], augmentation, random))
    if augmentation.noise:
        images = images + augmentation.noise * random.standard_normal(images.shape, np.float32)
    return images.astype(np.float32, copy=False)


def random_maps(
    shape: tuple[int, ...], augmentation: Augmentation, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a map for each image: around its centre it is zoomed and rotated, and then shifted.

    Args:
        shape: (n, height, width).
        augmentation: Each number is drawn evenly from its range.
        random: Draws them.

    Returns:
        (n, 2, 2) and (n, 2), float64: the matrix and the offset that lead from a pixel of the new image, (row, column),
        to the place in the old one that it is taken from.
    """
    count, *size = shape
    shift = random.integers(-augmentation.shift, augmentation.shift, (count, 2), endpoint=True)
    angle = np.deg2rad(random.uniform(-augmentation.rotation, augmentation.rotation, count))
    zoom = random.uniform(1 - augmentation.zoom, 1 + augmentation.zoom, count)
    return maps_around_centre(size, angle, zoom, shift)


def maps_around_centre(
    size: Sequence[int], angle: np.ndarray, zoom: np.ndarray, shift: np.ndarray | int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Maps that zoom and rotate images around their centres, and then shift them.

    Args:
        size: Height and width of the images.
        angle: (n,): of each image, in radians.
        zoom: (n,): of each image, the size of what is in it, times what it was.
        shift: (n, 2): of each image, pixels down and to the right; 0: none is shifted.

    Returns:
        See `random_maps`.
    """
    scale = 1 / zoom
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    matrices = np.stack([cosine, -sine, sine, cosine], axis=1).reshape(len(angle), 2, 2)
    centre = (np.array(size) - 1) / 2
    places = np.broadcast_to(centre + shift, (len(angle), 2))
    return matrices, centre - np.einsum("nij,nj->ni", matrices, places)


def transform(images: np.ndarray, matrices: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Take each pixel from another place of its image, between four pixels by linear interpolation.

    Args:
        images: (n, height, width, ...), float32.
        matrices: (n, 2, 2): of each image.
        offsets: (n, 2): of each image.

    Returns:
        Images of the same shape, as `scipy.ndimage.affine_transform(image, matrix, offset, order=1,
        mode="grid-constant")` makes each.
    """
    count, height, width = images.shape[:3]
    row, column = (places.astype(np.float32) for places in np.ogrid[:height, :width])
    matrices, offsets = matrices.astype(np.float32), offsets.astype(np.float32)
    rows, columns = (
        matrices[:, axis, 0, None, None] * row
        + matrices[:, axis, 1, None, None] * column
        + offsets[:, axis, None, None]
        for axis in (0, 1)
    )
    # A frame of zeros: beyond it, and on it, there is nothing.
    framed = np.zeros((count, height + 2, width + 2, *images.shape[3:]), images.dtype)
    framed[:, 1:-1, 1:-1] = images
    above, down = _neighbours(rows, height)
    left, right = _neighbours(columns, width)
    pixels = framed.reshape(-1, *images.shape[3:])
    place = np.arange(count, dtype=np.int32)[:, None, None] * (height + 2)
    place = (place + above) * (width + 2) + left
    right, down = (share.reshape(*share.shape, *(1 for _ in images.shape[3:])) for share in (right, down))
    # In place, as far as it goes: room for new arrays takes more time than the arithmetic.
    changed: np.ndarray = pixels[place]
    changed += (pixels[place + 1] - changed) * right
    place += width + 2
    lower = pixels[place]
    place += 1
    lower += (pixels[place] - lower) * right
    lower -= changed
    lower *= down
    changed += lower
    return changed


def _neighbours(places: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The last pixel before each place, counted in the frame, and the share of the next one, float32."""
    inside = np.clip(places + 1, 0, size + 1)
    before = np.minimum(inside.astype(np.int32), size)
    return before, inside - before.astype(np.float32)
