"""Compresses packages anew with libdeflate, which finds a shorter form than zlib does: ZIP files (bundles, wheels) and
gzip files (archives, packages of npm). Every reader of deflate reads it, and what is inside stays as it was.

    recompress.py FILE…      with PyPI's `deflate`
"""
import gzip
import pathlib
import sys
import zipfile

import deflate

LEVEL = 12


class Compressor:
    """What `zipfile` hands the parts of a file to."""

    def __init__(self):
        self.whole = bytearray()

    def compress(self, part):
        self.whole += part
        return b""

    def flush(self):
        return bytes(deflate.deflate_compress(bytes(self.whole), LEVEL))


# `zipfile` has no door for another compressor. Should this one go, `contents` finds the archive as long as it was.
zipfile._get_compressor = lambda kind, *_: Compressor() if kind == zipfile.ZIP_DEFLATED else None


def contents(file):
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            return [(entry.filename, entry.external_attr, archive.read(entry)) for entry in archive.infolist()]
    return gzip.decompress(file.read_bytes())


def recompress(file, target):
    if not zipfile.is_zipfile(file):
        target.write_bytes(deflate.gzip_compress(gzip.decompress(file.read_bytes()), LEVEL))
        return
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry))


for name in sys.argv[1:]:
    file = pathlib.Path(name)
    target = file.with_name(f"{file.name}.new")
    recompress(file, target)
    assert contents(target) == contents(file), f"{file} came out otherwise"
    shorter = target.stat().st_size < file.stat().st_size
    target.replace(file) if shorter else target.unlink()
