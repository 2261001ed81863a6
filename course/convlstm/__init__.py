"""Convolutional LSTMs on maps and volumes: the plain cell, fast layers of it, the network of the notes."""

from course.convlstm.cell import ConvLSTMCell
from course.convlstm.layers import ConvLSTM, RainNet

__all__ = ["ConvLSTM", "ConvLSTMCell", "RainNet"]
