"""Reads the QR code on a terminal's screen as a phone would: with another library (zbar), from a picture of the screen."""
import ctypes

BLOCKS = {" ": (0, 0), "\u2584": (0, 1), "\u2580": (1, 0), "\u2588": (1, 1)}
SCALE = 6


def picture_of(emulator):
    """Rows of grey pixels, two rows of modules for each line. On a terminal that is dark where no colour is set."""
    rows = []
    for y in range(emulator.lines):
        cells = [emulator.buffer[y][x] for x in range(emulator.columns)]
        for half in (0, 1):
            row = []
            for cell in cells:
                drawn = BLOCKS.get(cell.data, (0, 0))[half]
                front = 0 if cell.fg == "black" else 255
                back = 255 if "white" in cell.bg else 0
                row += [front if drawn else back] * SCALE
            rows += [bytes(row)] * SCALE
    return rows


def read_qr_codes(emulator):
    """The texts of all QR codes on the screen."""
    zbar = ctypes.CDLL("libzbar.so.0")
    for name in ("zbar_image_scanner_create", "zbar_image_create", "zbar_image_first_symbol", "zbar_symbol_next"):
        getattr(zbar, name).restype = ctypes.c_void_p
    zbar.zbar_symbol_get_data.restype = ctypes.c_char_p
    rows = picture_of(emulator)
    pixels = b"".join(rows)
    scanner = ctypes.c_void_p(zbar.zbar_image_scanner_create())
    image = ctypes.c_void_p(zbar.zbar_image_create())
    zbar.zbar_image_set_format(image, ctypes.c_ulong(int.from_bytes(b"Y800", "little")))
    zbar.zbar_image_set_size(image, len(rows[0]), len(rows))
    zbar.zbar_image_set_data(image, pixels, ctypes.c_ulong(len(pixels)), None)
    zbar.zbar_scan_image(scanner, image)
    texts = []
    symbol = ctypes.c_void_p(zbar.zbar_image_first_symbol(image))
    while symbol:
        texts.append(zbar.zbar_symbol_get_data(symbol).decode())
        symbol = ctypes.c_void_p(zbar.zbar_symbol_next(symbol))
    zbar.zbar_image_destroy(image)
    zbar.zbar_image_scanner_destroy(scanner)
    return texts
