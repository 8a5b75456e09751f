"""Our own line icons, coloured when they are drawn: a change of theme needs no new files."""

from functools import lru_cache
from math import ceil

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from denticode_desktop.ui.resource_files import resource_file


@lru_cache(maxsize=64)
def _source(name: str) -> bytes:
    return resource_file("icons", f"{name}.svg").read_bytes()


@lru_cache(maxsize=256)
def icon_pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """resources/icons/<name>.svg in a colour, `size` pixels before scaling, for a screen of that ratio."""
    pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixmap.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_source(name).replace(b"currentColor", colour.encode())))
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(pixmap.rect()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _ratios() -> set[float]:
    """Whole scales: Qt draws one in between from the next larger."""
    application = QGuiApplication.instance()
    largest = application.devicePixelRatio() if isinstance(application, QGuiApplication) else 1.0
    return {1.0, float(ceil(largest))}


def icon(name: str, colour: str, size: int = 18, gap: int = 0) -> QIcon:
    """An icon with pixmaps for the screens there are; `gap` pixels of nothing at its right."""
    made = QIcon()
    for ratio in _ratios():
        drawn = icon_pixmap(name, colour, size, ratio)
        if gap:
            wide = QPixmap(QSize(round((size + gap) * ratio), round(size * ratio)))
            wide.fill(Qt.GlobalColor.transparent)
            wide.setDevicePixelRatio(ratio)
            painter = QPainter(wide)
            painter.drawPixmap(0, 0, drawn)
            painter.end()
            drawn = wide
        made.addPixmap(drawn)
    return made
