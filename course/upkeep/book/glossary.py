"""The glossary of the website: each term, the notebook that explains it first, and what it means in one line."""

import re
from typing import NamedTuple

from nbformat import NotebookNode

# A line: term, other forms of it [= the words by which its place is found, else *term*] | notebook | meaning.
# A term in brackets is an everyday word, too: other pages do not link it.
TERMS = r"""
(device) | 00 | what computes: a CPU, which every machine has, or a graphics card (cuda, mps)
multilayer perceptron | 00 | a network of layers in which every neuron sees all numbers of the layer before
neuron | 00 | adds up its inputs, each times a weight, and a bias, and passes the sum through an activation
logit | 00 | one of the numbers with which a classifier answers, one a class; the largest is the answer
(weight) | 00 | a number by which an input is multiplied; training changes it
(bias) | 00 | a number that is added to a neuron's weighted sum; training changes it, too
activation | 00 | the bend behind a sum; without one, several layers could do no more than one
ReLU = activation*, called ReLU | 00 | the activation that replaces what is below zero by 0
epoch | 00 | one round through all training examples
(batch) = (a *batch*) | 00 | the examples that are looked at together, between two steps
(step) | 00 | one small change of all weights and biases, in a direction that lowers the loss
centre of mass | 00 | the mean place of something, each place weighted by how much is there
softmax = `softmax` turns ten logits | 00 | turns logits into positive numbers that add up to 1: one probability a class
perceptron | 01 | one neuron: products, their sum with a bias, and an activation
forward pass | 01 | the way from the inputs to the outputs, layer after layer
hidden layer = Hidden layers move | 01 | a layer between inputs and outputs
(gradient) = *gradient* | 01 | all slopes of the loss together: by how much it rises if a weight does
chain rule | 01 | multiply the slopes along each way to the loss, then add up the ways
gradient descent = *Gradient descent* | 01 | training: from each weight subtract its gradient times the learning rate
learning rate | 01 | the number by which a gradient is multiplied to make a step
finite difference = Finite differences test it | 01 | a slope from two values, a small step apart; it tests a gradient
one-hot = *One-hot* | 01 | a row of zeros with a 1 at the place of the true class
dead ReLU | 01 | a unit that is shut for every example, so that no gradient reaches it any more
(view) = a view is a new object | 02 | a tensor that shows the numbers of another one, in the same memory
stride | 02 | for each dimension, the number of cells to step in memory when the index grows by one
broadcast, broadcasting = *broadcasts* | 02 | to line shapes up at their right ends, and repeat where a size is 1
in place | 02 | changing the numbers of a tensor itself, with no new one; its name ends in an underscore
bfloat16 = and `bfloat16` | 02 | a short number format with 8 binary digits, in which networks are often trained
topological order | 03 | an order of the values in which each comes after all that it was made from
(leaf, leaves) = *leaves* | 03 | a tensor that you made yourself and that requires gradients
Jacobian | 03 | the table of all slopes of several results by several inputs
vector-Jacobian product | 03 | the rows of the Jacobian, weighed and added up: what each backward step computes
(module) | 04 | an object that keeps weights under their names, and computes with them
(parameter) | 04 | a tensor that asks for a gradient, and that a module knows by its name
optimizer | 04 | makes the step, once the gradients are there: such as SGD or Adam
negative log-likelihood | 04 | minus the log-probability of the right class; a loss
cross-entropy = `cross_entropy` *is* | 04 | the usual loss of a classifier: minus the log of the right probability
hinge | 04 | a loss that stops as soon as an answer is good enough
saturated | 04 | of a unit: where its derivative is nearly zero, so that it hardly learns
LeakyReLU = LeakyReLU multiplies | 04 | a ReLU that does not shut: it multiplies what is negative by a small number
Xavier | 04 | first weights with variance 2 / (inputs + outputs), made for tanh
(He) | 04 | first weights with variance 2 / inputs, made for ReLU; torch says kaiming_normal_
95 % interval = its 95 % interval | 04 | where a mean would mostly lie if all were done again; if it holds 0: a tie
curvature | 05 | says how fast a slope changes
condition number | 05 | the largest curvature over the smallest: the price of one rate for all directions
validation = (*validation*) | 05 | judging on examples kept apart, to choose by; a third set, the test set, judges once
full batch | 05 | a step with all examples in it
Hessian | 05 | all second derivatives of a loss: a matrix with a row and a column for each weight
power iteration | 05 | multiply by a matrix again and again: the direction that grows most is left
sharpness | 05 | the largest curvature of a network's loss
progressive sharpening | 05 | the rise of the sharpness while a network trains at a constant rate
mini-batch | 05 | a few of the examples, whose mean gradient is cheaper than that of all, and noisy
schedule | 05 | a rule by which the learning rate changes during training
momentum = ## Momentum: what if | 05 | a step along a running sum of gradients instead of the newest alone
bias correction | 05 | dividing a young running average by what is missing in it
Adam = **Adam** is now a few lines | 05 | momentum, divided for each weight by the size of its recent gradients
weight decay = *Weight decay* | 05 | a pull of all weights towards zero
(saddle) | 05 | a flat point from which the loss falls in one direction and rises in another
range test = *learning-rate range test* | 05 | an epoch with a rate that grows, to see at which the loss blows up
warm-up | 05 | a learning rate that begins small and rises first, because first gradients can be wild
LSTM = An *LSTM* | 06 | a network over time whose memory changes only as far as its gates allow
(gate) = *gates* | 06 | a number between 0 and 1 that decides how much passes
forget gate = forget gate $f$ | 06 | the gate of an LSTM that decides what stays of its memory
ConvLSTM = *ConvLSTM* | 06 | an LSTM on maps: every product is a convolution, every gate a map
truncated backpropagation through time | 06 | training on chunks: the state crosses the cut, the gradient does not
persistence = *Persistence* | 06 | the forecast that says: the last frame again
advection = *Advection* | 06 | the forecast that says: the rain moves on as it did
(hit) | 06 | rain that was announced, and came
(miss) | 06 | rain that came, and was not announced
false alarm | 06 | an announcement without rain
critical success index, CSI | 06 | the share of hits among hits, misses and false alarms
regression to the mean | 06 | where much or little may come, squared error prefers to say something between
peephole = *peepholes* | 06 | a weight by which a gate sees the memory itself
underfit, underfits, underfitting | 07 | to be poor on old and new examples alike
overfit, overfits, overfitting | 07 | to follow the noise of the training examples, and be poor on new ones
(capacity) | 07 | how much a model is free to do
L2 penalty | 07 | the sum of the squared weights, added to the loss, which keeps them small
double descent | 07 | with more and more weights the error rises, and then falls a second time
calibrated | 07 | of probabilities: among answers given 80 %, four in five are right
expected calibration error | 07 | the mean gap between the probability that was said and what came true
(temperature) | 07 | a number by which all logits are divided, to make answers less sure
early stopping = *Early stopping* | 07 | keeping the weights of the epoch with the lowest validation loss
soft threshold | 07 | a pull towards zero that stops there
dropout = ### Dropout | 07 | switching off random units while training
batch norm = ### Batch norm | 07 | giving each unit mean 0 and deviation 1 over the batch
augmentation = ### Augmentation | 07 | more training images from the same ones, a little shifted or turned
cross-validation = *Cross-validation* | 07 | each part of the data judges once, a model trained on the others
static graph = Way 5, a static graph | 10 | a program as a list of operations, written down once
(pure) | 10 | of a function: it changes nothing in place, and the same goes in and out
(key) | 10 | in JAX, a seed that is an argument like any other
Nesterov = ### Nesterov | 11 | momentum that takes its gradient where it will be after the next step
Adagrad = ### Adagrad | 11 | a rate for each weight, which falls with all gradients that it has had
L-BFGS = ### L-BFGS | 11 | steps by a curvature that it learns from the last gradients
Muon = ### Muon | 11 | an optimizer that steps equally far in all directions of a weight matrix
singular value | 11 | by how much a matrix stretches in one of its directions
EMA | 11 | exponential moving average: a running average, here of weights
buffer | 12 | a fixed tensor that belongs to a module and moves with it
asynchronous | 12 | ordered now, done later: so a GPU works while Python goes on
pinned | 12 | memory that the system may not move, so that a GPU fetches from it by itself
eager | 12 | Python decides line by line what is computed next
graph break | 12 | a place where a compiled program has to go back to Python
(fusion) | 12 | joining operations into one, so that numbers travel once
page cache | 13 | memory in which the system keeps files that were just used
(thread) | 13 | one strand of work in a program; all of them see the same memory
GIL | 13 | the lock that lets one thread of Python compute at a time
(process) | 13 | a program of its own, with its own memory and its own lock
sentinel | 13 | a last value in a queue that says there is no more
(pickled) | 13 | turned into bytes, to be sent to another process
shared memory | 13 | bytes that two processes see, so that only a name is sent
deadlock | 13 | two that wait for each other, for ever
activation checkpointing | 14 | keeping less for the backward pass, and computing the rest again
(rank) | 15 | the number of a process among those that train together
world size | 15 | how many processes train together
gradient accumulation | 15 | adding up the gradients of several batches before one step
max pooling | 16 | of each small square only its largest number is kept
untrained twin | 17 | the same network as it was drawn: it tells what was not learnt
(freeze) | 17 | to leave a part of a network as it is while the rest trains
(probe) | 17 | a linear fit from a hidden state to what one looks for in it
optical flow = *Optical flow* | 20 | the field of motion between pictures
semi-Lagrangian | 20 | moving a map by walking back along its field of motion
power spectrum | 20 | the mean square of a map's waves, by their length
probability of detection, POD | 20 | the share of the rain that was announced
false alarm ratio, FAR | 20 | the share of the announcements that did not come true
Brier score | 20 | the mean squared error of a chance
fine-tuning | 20 | training a trained network on, on a few examples of something else
intersection over union, IoU = *Intersection over union* | 22 | what two boxes share, over what they cover together
global pooling = (*global pooling*) | 22 | one number of each map, its mean or its largest, which forgets places
saliency = *Saliency* is | 22 | the gradient of a logit with respect to the pixels: which would change the answer most
class activation map | 22 | the last maps, weighted by the weights of a class: what speaks for it, and where
(occlusion) = *Occlusion* covers | 22 | covering patch after patch, to see without which the answer falls
sliding window | 22 | a piece of a picture, moved over all places, to be classified at each
single-shot detector | 22 | a network that says in each cell of a grid what stands there, and its box
(precision) = *precision* is the share | 22 | the share of what was found that is right
(recall) = *recall* the share | 22 | the share of what is there that was found
average precision = *Average precision* is | 22 | the area under precision over recall, the surest first
non-maximum suppression = *Non-maximum suppression* | 22 | deleting what overlaps a better box of its class
semantic segmentation | 22 | saying for each pixel what it belongs to
(vocabulary, vocabularies) = The *vocabulary* numbers | 23 | all words that have a number of their own
(padding) = Number 0 is *padding* | 23 | what fills short texts up to the length of the longest in a batch
embedding = an *embedding*, in torch | 23 | a table with a vector of learned numbers for each word
bag of words = a *bag of words* | 23 | a text as the counts, or the mean vector, of its words, in no order
(attention) = The third is *attention* | 23 | each word looks at all others, and takes over from those that suit it
(pack) = or *pack* the batch | 23 | to lay a batch of texts out such that no padding is read
recursive network | 24 | applies the same weights again and again along a structure, such as a tree
define by run | 24 | the graph is what was computed, recorded anew each time, and need not be told before
(height) | 24 | 0 for a leaf of a tree, for a node 1 more than that of its highest child
catastrophic forgetting | 24 | to lose what was learnt before by training on something new
global average pooling = *Global average pooling* | 26 | the mean of each map, in place of fully connected layers
pruning = *Pruning* | 26 | setting the smallest weights to zero, and holding them there by a mask
pointwise mutual information, PMI = *pointwise mutual information* | 27 | log2 of how much likelier than by chance
singular value decomposition, SVD = *singular value decomposition* | 27 | a table as directions, the strongest first
(vanishing gradient) = *vanishing gradient* | 27 | one that shrinks with each step back
(exploding gradient) = *exploding gradient* | 27 | one that grows with each step back
bits a character = **bits a character** | 27 | the mean of −log2 of the chance that was given to the character that came
perplexity = *Perplexity* is 2 | 27 | 2 to the power of the bits: among how many equally likely ones one guesses
n-gram = An *n-gram* | 27 | n characters, or words, in a row; a model that looks n − 1 back
"""


class Term(NamedTuple):
    """forms: its name and other forms of it; mark: the words by which its place in the notebook is found."""

    forms: tuple[str, ...]
    plain: bool
    mark: str
    number: str
    meaning: str

    @property
    def label(self) -> str:
        """The name of the place in its notebook."""
        return "explained-" + re.sub(r"[^a-z0-9]+", "-", self.forms[0].lower()).strip("-")

    def where(self) -> re.Pattern:
        """What finds it in a text, also in the plural; small letters also at the start of a sentence."""
        forms = (re.escape(form) if form != form.lower() else f"(?i:{re.escape(form)})" for form in self.forms)
        return re.compile(rf"(?<![\w-])(?:{'|'.join(forms)})(?i:s|es)?(?![\w-])")


def read_terms() -> list[Term]:
    """Return all terms, in the order of the notebooks."""
    found = []
    for line in TERMS.strip().splitlines():
        words, number, meaning = line.split(" | ")
        names, _, mark = words.partition(" = ")
        forms = tuple(names.strip("()").split(", "))
        found.append(Term(forms, names.startswith("("), mark or f"*{forms[0]}", number, meaning))
    return found


def find_place(term: Term, nb: NotebookNode) -> tuple[int, int]:
    """Return the cell and the character where a notebook explains a term.

    Raises: ValueError if its words are not there any more.
    """
    for place, cell in enumerate(nb.cells):
        # Lines may break anywhere in the words.
        found = re.search(r"\s+".join(map(re.escape, term.mark.split())), cell.source)
        if cell.cell_type == "markdown" and found:
            return place, found.start()
    told = f"notebook {term.number} does not say {term.mark!r} any more, where the glossary finds {term.forms[0]!r}"
    raise ValueError(f"{told}: mend its line in course/upkeep/book/glossary.py")


def with_labels(nb: NotebookNode, terms: list[Term]) -> dict[int, str]:
    """Return the texts in which terms are explained, by the place of the cell, with a label before each paragraph."""
    marks: dict[int, list[tuple[int, str]]] = {}
    for term in terms:
        place, at = find_place(term, nb)
        begin = nb.cells[place].source.rfind("\n\n", 0, at) + 2 if "\n\n" in nb.cells[place].source[:at] else 0
        marks.setdefault(place, []).append((begin, term.label))
    texts = {}
    for place, found in marks.items():
        text = nb.cells[place].source
        for begin, label in sorted(found, reverse=True):
            text = f"{text[:begin]}({label})=\n{text[begin:]}"
        texts[place] = text
    return texts


def glossary_page() -> str:
    """Return the page, from A to Z, as MyST."""
    lines = ["# Glossary", "", "Each term in one line, and the paragraph that explains it first.", "", "```{glossary}"]
    for term in sorted(read_terms(), key=lambda term: term.forms[0].lower()):
        name, *others = term.forms
        also = f" (also {', '.join(others)})" if others and others[0].isupper() else ""
        lines += [name, f"  {term.meaning}{also} ([notebook {term.number}](#{term.label}))", ""]
    return "\n".join([*lines, "```", ""])
