"""The eighty classes of COCO, in the order in which networks trained on it give them."""

from __future__ import annotations

COCO_LABELS: tuple[str, ...] = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog",
    "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella",
    "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
    "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange",
    "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant",
    "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip

# Labels that small networks mix up on one and the same object: they share boxes and tracks.
_ALIKE: tuple[tuple[str, ...], ...] = (
    ("car", "bus", "truck", "train"),
    ("bicycle", "motorcycle"),
    ("cat", "dog", "horse", "sheep", "cow", "bear"),
)


def group_of(label: str) -> str:
    """Name of the labels that this one is mixed up with; mostly the label itself."""
    for group in _ALIKE:
        if label in group:
            return group[0]
    return label
