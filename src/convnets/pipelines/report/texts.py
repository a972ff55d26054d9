"""What the report says of its figures and tables, in one place: a heading, what a figure shows, and how to read it."""

from typing import NamedTuple


class FigureText(NamedTuple):
    """What the report says of a figure.

    Attributes:
        alt: What it shows, for those who do not see it.
        reading: How to read it, in a sentence.
    """

    alt: str
    reading: str


COMPARISON_FIGURES = {
    "test_accuracies_figure": FigureText(
        alt="The test accuracy of each network, with its interval.",
        reading="Each mark is the share of test images that a network reads right, and the line through it the 95 % "
        "interval of its accuracy on such images. An upright stroke is what the lecture reports.",
    ),
    "learning_curves_figure": FigureText(
        alt="Loss and accuracy of all networks after each epoch, and on the test images.",
        reading="In each epoch a network sees all training images once; one whose loss still falls, or whose "
        "accuracy still rises, has not learned all it can. Stars: the same on the test images, in the end.",
    ),
    "class_accuracies_figure": FigureText(
        alt="The accuracy of each network on each class.",
        reading="Marks of one class that lie far apart show which classes divide the networks; a class whose marks all "
        "lie low is hard for each of them.",
    ),
    "disagreements_figure": FigureText(
        alt="Test images to which the networks give different answers, with their answers.",
        reading="Above each image are its number and its label, below it what each network reads and how sure it is, "
        "from 0 to 1; a cross marks a wrong answer.",
    ),
    "confident_mistakes_figure": FigureText(
        alt="Test images on which some network is surely wrong, with the answers of all.",
        reading="The first images are those on which a network is wrong and most sure; where all networks give the "
        "same wrong answer, look at the label again.",
    ),
}
NETWORK_FIGURES = {
    "architecture_figure": FigureText(
        alt="The layers of {network} from input to output, with their output shapes and parameters.",
        reading="Data flows from left to right; the higher a box, the more pixels its maps have, the wider, the more "
        "maps there are.",
    ),
    "learning_curves_figure": FigureText(
        alt="Loss and accuracy of {network} after each epoch.",
        reading="Loss falls and accuracy rises while the network learns; where validation images are held back and "
        "their curve turns while the training curve goes on, it begins to learn by heart.",
    ),
    "confusion_matrix_figure": FigureText(
        alt="How often {network} took each class for each other.",
        reading="A row is a label, a column an answer: right answers are on the diagonal, and every number beside it "
        "counts mistakes of one kind.",
    ),
    "reliability_diagram_figure": FigureText(
        alt="The accuracy of {network} against its confidence.",
        reading="Bars below the dashed line: the network is surer than it is right. The lower bars say how many images "
        "each one above stands for; few images make an accidental bar.",
    ),
    "first_prediction_figure": FigureText(
        alt="The first test image, and the probability that {network} gives to each class.",
        reading="The bars add up to 1; the longest is the answer.",
    ),
    "mistakes_figure": FigureText(
        alt="The test images that {network} gets wrong and is most sure of.",
        reading="Above each image are its number and its label, below it the wrong answer and how sure the network is "
        "of it, from 0 to 1.",
    ),
}
SAMPLE_IMAGES = FigureText(
    alt="The first training images of each class.",
    reading="What the networks learn from: training images, with their labels.",
)


class StudyText(NamedTuple):
    """What the report says of a study.

    Attributes:
        question: What it asks.
        reading: How to read its figure, in a sentence.
    """

    question: str
    reading: str


OF_SETTINGS = (
    "Each row is a setting: dots are trainings that differ in the seed, the stroke is their mean, and the line through "
    "it the 95 % interval of the mean."
)
OF_SIZES = (
    "Accuracy, and errors on a logarithmic axis, against the number of training images: each line joins means over "
    "seeds, with their 95 % intervals; dots are single trainings."
)
OWN_STUDY = StudyText(
    question="How do the trainings differ that the block {study} of the parameters asks for?", reading=OF_SETTINGS
)
STUDIES = {
    "translation": StudyText(
        question="Is a pattern recognized anywhere in the image?",
        reading="Accuracy on test images that were shifted by so many pixels: where a line falls before the dotted one "
        "of the ink does, the network has lost a digit that is still there.",
    ),
    "invariance": StudyText(
        question="What loses a digit that is shifted: the border, the head, or what was shown in training?",
        reading=OF_SETTINGS,
    ),
    "ladder": StudyText(
        question="How does one get from the lecture's convnet to more than 99 % in the fewest seconds?",
        reading=OF_SETTINGS,
    ),
    "permuted_pixels": StudyText(
        question="Does a convnet live on what is near in the image? All images' pixels are put into one other order.",
        reading=OF_SETTINGS,
    ),
    "sample_size": StudyText(question="How many training images does each network need?", reading=OF_SIZES),
    "sample_size_tuned": StudyText(
        question="How many training images does each network need, if its settings are chosen for their number?",
        reading=OF_SIZES,
    ),
    "seeds": StudyText(question="By how much do results differ from seed to seed?", reading=OF_SETTINGS),
    "label_errors": StudyText(
        question="How many of the mistakes are the labels'?",
        reading="Test images whose labels are in doubt: above each its label, beside it what each network reads and "
        "how sure it is; a cross marks an answer that the label calls wrong.",
    ),
    "robustness": StudyText(
        question="What is left of the accuracy when digits are rotated, scaled, noisy, blurred or occluded?",
        reading="A panel for each corruption: accuracy against its severity, mean over seeds with 95 % interval, and "
        "that of the ensemble of these networks.",
    ),
}
