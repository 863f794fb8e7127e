"""Which pixels around one make its context. Spec: ITU-T T.82, 6.7, figures 4 and 5.

```
three lines      two lines
  . 9 8 7          9 8 7 6 5 A
  6 5 4 3 A        3 2 1 0 x
  1 0 x
```

The numbers are the bits of the context; the adaptive pixel A has bit 2 or 4 and stands where it is
drawn until it is moved to a place further left in the pixel's own row. Outside the picture all is
white.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Template(NamedTuple):
    """One of the two templates.

    Attributes:
        recent_bits: how many pixels to the left it takes; the adaptive pixel's bit is that one.
        above_bits: how many it takes from the row above, the adaptive one not counted.
        two_above: whether it takes three from the row above that.
        typical: the context in which it is said whether a row is as typical as the last.
    """

    recent_bits: int
    above_bits: int
    two_above: bool
    typical: int

    def above(self, second: list[int], first: list[int], *, moved: bool) -> list[int]:
        """Return for each pixel what the rows above it give its context.

        `second` is the row two above, `first` the one directly above; when the adaptive pixel has
        moved away its bit is left 0.
        """
        width = len(first)
        # Bits for the pixels up to one to the right, and then the adaptive pixel two to the right.
        mask = (1 << self.above_bits) - 1
        place = self.recent_bits + 1
        row = [*first, 0, 0]
        window = row[0]
        contexts = []
        for x in range(width):
            window = (window << 1 | row[x + 1]) & mask
            contexts.append(window << place)
        if not moved:
            contexts = [
                context | row[x + 2] << self.recent_bits for x, context in enumerate(contexts)
            ]
        if self.two_above:
            top = [*second, 0]
            window = top[0]
            for x in range(width):
                window = (window << 1 | top[x + 1]) & 7
                contexts[x] |= window << 7
        return contexts


THREE_LINES: Final = Template(2, 4, two_above=True, typical=0x0E5)
TWO_LINES: Final = Template(4, 5, two_above=False, typical=0x195)


def contexts_of(template: Template, above: list[int], row: list[int], offset: int) -> list[int]:
    """Return the whole context of each pixel of a row that is known already."""
    bits = template.recent_bits
    mask = (1 << bits) - 1
    recent = 0
    contexts = []
    for x, known in enumerate(above):
        context = known | recent & mask
        if offset and x >= offset:
            context |= row[x - offset] << bits
        contexts.append(context)
        recent = recent << 1 | row[x]
    return contexts
