"""The few elements that the plots are drawn with."""

from html import escape


class Drawing:
    def __init__(self):
        self.parts: list[str] = []

    def text(self, x: float, y: float, content: str, **style):
        self._add("text", {"x": f"{x:g}", "y": f"{y:g}"} | style, escape(content))

    def bar(self, x: float, y: float, width: float, height: float, colour: str, title: str = ""):
        self._add("rect", {"x": f"{x:g}", "y": f"{y:g}", "width": f"{max(width, 1):.1f}", "height": height, "rx": 2,
                           "fill": colour}, _title(title))

    def line(self, x1: float, y1: float, x2: float, y2: float, **style):
        self._add("line", {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"} | style)

    def dot(self, x: float, y: float, radius: float, colour: str, title: str = ""):
        self._add("circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{radius:.1f}", "fill": colour,
                             "fill-opacity": 0.75, "stroke": "#fff", "stroke-width": 0.7}, _title(title))

    def document(self, width: float, height: float) -> str:
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
                f'height="{height:g}" font-family="system-ui, sans-serif">\n'
                '<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(self.parts) + "\n</svg>\n")

    def _add(self, name: str, attributes: dict, inside: str = ""):
        text = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
        self.parts.append(f"<{name}{text}>{inside}</{name}>" if inside else f"<{name}{text}/>")


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""
