"""JBIG pictures of one bit a pixel, as electronic signatures travel: `encode` and `decode`.

One plane and one resolution layer, which is what terminals send; the whole of ITU-T T.82 that goes
with it is read (both templates, typical prediction, stripes, a moved adaptive pixel).
"""

from tongbao.wire.jbig.bitmap import Bitmap, fitted
from tongbao.wire.jbig.decoding import PIXELS_MAX, decode
from tongbao.wire.jbig.encoding import encode

__all__ = ["PIXELS_MAX", "Bitmap", "decode", "encode", "fitted"]
