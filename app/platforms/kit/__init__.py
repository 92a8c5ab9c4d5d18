"""What adapters share: reading over HTTP at a polite pace, and taking an answer apart without guessing."""

from app.platforms.kit.http import PAUSE, Answer, Http, pause
from app.platforms.kit.node import MOST, Node, Number, Numbers

__all__ = ["MOST", "PAUSE", "Answer", "Http", "Node", "Number", "Numbers", "pause"]
