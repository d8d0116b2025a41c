"""The README's sample: a girl under a night sky, 320x240, drawn from curves and lightly JPEG-worn."""

import io

import numpy as np
from PIL import Image

from drawing import Canvas, ellipse, hash_noise, mirror, spline, star

W, H = 320, 240
AXIS = 200
LINE = (52, 30, 58)
HAIR, HAIR_DARK, HAIR_LIGHT = (94, 84, 168), (66, 56, 132), (160, 156, 226)
SKIN, SKIN_SHADE, BLUSH = (255, 228, 212), (243, 192, 184), (250, 172, 172)
CLOTH, CLOTH_SHADE, WHITE = (44, 58, 104), (32, 42, 80), (250, 248, 252)
RIBBON, RIBBON_SHADE, GOLD = (226, 72, 96), (176, 44, 80), (255, 214, 96)

FACE = np.vstack([
    spline([(159, 104), (157, 128), (161, 146), (170, 162), (184, 175), (200, 181)]),
    mirror(spline([(159, 104), (157, 128), (161, 146), (170, 162), (184, 175), (200, 181)]), AXIS),
])


def sky(c):
    c.bands([(0, (22, 26, 72)), (90, (62, 52, 124)), (170, (160, 96, 160)), (240, (250, 168, 168))])
    c.glow(66, 66, 92, (255, 240, 214), 0.55)
    moon = ellipse(66, 66, 36, 36)
    c.fill(moon, (255, 244, 216))
    c.shade(moon, ellipse(82, 78, 38, 38), (250, 230, 196))
    for x, y, r in ((52, 56, 6), (70, 46, 4), (58, 80, 5), (80, 72, 7), (44, 70, 3)):
        c.fill(ellipse(x, y, r, r * 0.9), (240, 216, 184))
    draws = hash_noise(11, 180).astype(np.float64) / 2.0**64
    for x, y, r in draws.reshape(60, 3):
        radius = 0.35 + 0.55 * r
        c.fill(ellipse(x * W, y * 150, radius, radius, steps=16), (255, 250, 236))
    for x, y, r in ((122, 28, 8), (20, 22, 5), (288, 34, 9), (128, 96, 5), (262, 14, 4), (22, 126, 6)):
        c.fill(star(x, y, r, r * 0.16, tips=4), (255, 252, 232))
        c.fill(ellipse(x, y, r * 0.24, r * 0.24, steps=24), (255, 255, 255))
    c.stroke(spline([(150, 14), (128, 52), (112, 72)]), (0.2, 0.8, 1.8), (255, 248, 220))


def clouds(c):
    rows = (((206, 130, 182), 202, ((8, 20), (44, 26), (86, 20), (124, 24), (290, 24), (316, 18))),
            ((240, 158, 188), 218, ((-4, 22), (30, 20), (64, 26), (106, 22), (276, 20), (308, 26))),
            ((255, 200, 200), 234, ((14, 20), (52, 18), (92, 22), (130, 18), (262, 16), (296, 20))))
    for colour, y, puffs in rows:
        for x, r in puffs:
            c.fill(ellipse(x, y, r, r * 0.72), colour)
        c.fill([(0, y), (W, y), (W, H), (0, H)], colour)


def back_hair(c):
    outline = spline([(200, 40), (160, 48), (140, 84), (136, 128), (124, 166), (100, 192), (74, 204),
                      (104, 206), (90, 220), (122, 216), (118, 240), (288, 240), (284, 222), (304, 226),
                      (286, 204), (272, 168), (264, 128), (260, 84), (240, 48)], closed=True)
    c.shape(outline, HAIR_DARK, LINE, 1.6)
    for points, widths in (
        ([(146, 118), (138, 156), (116, 190), (92, 202)], (1, 5, 6, 0.5)),
        ([(150, 140), (146, 172), (132, 200), (108, 216)], (1, 5, 6, 0.5)),
        ([(152, 160), (148, 196), (138, 226), (132, 240)], (1, 5, 6, 4)),
        ([(254, 122), (262, 160), (276, 196), (292, 218)], (1, 5, 6, 0.5)),
        ([(250, 150), (256, 190), (266, 222), (268, 240)], (1, 5, 7, 5)),
    ):
        c.stroke(spline(points), widths, HAIR)


def ears(c):
    outer = spline([(150, 78), (141, 44), (146, 20), (168, 32), (186, 52)])
    inner = spline([(153, 62), (150, 42), (152, 31), (163, 40), (172, 50)])
    for points in (outer, mirror(outer, AXIS)):
        c.shape(points, HAIR, LINE, 1.6)
    for points in (inner, mirror(inner, AXIS)):
        c.fill(points, (238, 158, 176))
        c.shade(points, points + [0, 7], (250, 196, 200))


def body(c):
    neck = np.array([(187, 164), (186, 192), (176, 206), (224, 206), (214, 192), (213, 164)], float)
    shoulders = spline([(128, 240), (136, 220), (158, 206), (180, 199), (220, 199), (242, 206), (264, 220),
                        (272, 240)])
    c.shape(shoulders, CLOTH, LINE, 1.6)
    c.shade(shoulders, [(120, 240), (140, 214), (160, 212), (150, 240)], CLOTH_SHADE)
    c.shade(shoulders, [(280, 240), (260, 214), (240, 212), (250, 240)], CLOTH_SHADE)
    c.fill(neck, SKIN)
    for side in (neck[:3], neck[3:]):
        c.stroke(side, 1.2, LINE)
    c.shade(neck, spline([(180, 160), (186, 184), (200, 192), (214, 184), (220, 160)]), SKIN_SHADE)
    c.fill([(176, 206), (224, 206), (200, 236)], SKIN)
    collar = np.array([(178, 196), (154, 208), (160, 226), (200, 240), (200, 232), (182, 212)], float)
    for points in (collar, mirror(collar, AXIS)):
        c.shape(points, WHITE, LINE, 1.3)
    stripe = np.array([(160, 213), (165, 224), (198, 237)], float)
    for points in (stripe, mirror(stripe, AXIS)):
        c.stroke(points, 1.5, CLOTH)
    bow = spline([(200, 229), (184, 219), (172, 222), (174, 237), (186, 240)], closed=True)
    for points in (bow, mirror(bow, AXIS)):
        c.shape(points, RIBBON, LINE, 1.2)
        c.shade(points, points + [0, 8], RIBBON_SHADE)
    c.shape(ellipse(200, 231, 6, 6.5), RIBBON, LINE, 1.2)


def face(c):
    ear = spline([(160, 128), (152, 124), (152, 140), (160, 148)])
    for points in (ear, mirror(ear, AXIS)):
        c.shape(points, SKIN, LINE, 1.2)
    c.shape(FACE, SKIN, LINE, 1.4)
    c.shade(FACE, spline([(150, 90), (156, 122), (170, 112), (184, 124), (196, 112), (214, 126), (228, 112),
                          (244, 122), (250, 90)]), SKIN_SHADE)
    for x in (170, 230):
        c.glow(x, 157, 13, BLUSH, 0.95, FACE)
        for k in (-4, 0, 4):
            c.stroke([(x + k + 1, 155), (x + k - 1, 159)], 0.8, (232, 122, 132))
    c.stroke(spline([(199, 154), (201.5, 156.5), (199.5, 157.5)]), (0.4, 0.9, 0.4), (206, 120, 118))
    mouth = spline([(191, 164), (200, 166.5), (209, 164), (206, 170.5), (200, 172.5), (194, 170.5)],
                   closed=True)
    c.shape(mouth, (206, 70, 86), LINE, 0.9)
    c.shade(mouth, ellipse(200, 173, 6, 4), (248, 150, 150))
    c.stroke(spline([(196, 177), (200, 177.8), (204, 177)]), (0.2, 0.7, 0.2), SKIN_SHADE)


def eye(c, cx, side):
    """side: +1 where the outer corner is on the right."""
    cy = 141
    white = spline([(cx - 12, cy - 2), (cx - 9, cy - 10), (cx, cy - 13.5), (cx + 9, cy - 10),
                    (cx + 12, cy - 2), (cx + 9, cy + 9), (cx, cy + 12), (cx - 9, cy + 9)], closed=True)
    iris = ellipse(cx, cy, 9, 12)
    c.fill(white, (255, 255, 255))
    lid = [(cx - 14, cy - 16), (cx + 14, cy - 16), (cx + 14, cy - 7), (cx - 14, cy - 7)]
    c.shade(white, lid, (206, 200, 226))
    c.shade(white, iris, (24, 70, 116))
    c.shade(white, ellipse(cx, cy + 1, 7.8, 10.6), (34, 124, 168))
    c.shade(white, ellipse(cx, cy + 6, 6.6, 6), (74, 196, 208))
    c.shade(white, ellipse(cx, cy + 8.6, 4.4, 3), (164, 240, 226))
    c.shade(white, ellipse(cx, cy - 1, 3.8, 5.6), (16, 36, 72))
    c.shade(white, ellipse(cx, cy - 12, 9.5, 5.5), (16, 36, 82))
    c.fill(ellipse(cx - 3.6, cy - 5.6, 3.1, 3.6), (255, 255, 255))
    c.fill(ellipse(cx + 3.8, cy + 4.4, 1.6, 1.8), (255, 255, 255))
    s = side
    lash = spline([(cx - 12 * s, cy - 4), (cx - 8 * s, cy - 11), (cx, cy - 14), (cx + 9 * s, cy - 11),
                   (cx + 13.5 * s, cy - 2)])
    c.stroke(lash, (1.2, 3.0, 3.4, 3.4, 2.2), LINE)
    for points, widths in (
        ([(cx + 10 * s, cy - 10), (cx + 14 * s, cy - 10.5), (cx + 17 * s, cy - 13)], (2.4, 1.6, 0.3)),
        ([(cx + 12 * s, cy - 5), (cx + 15.5 * s, cy - 5), (cx + 18 * s, cy - 7)], (2.2, 1.4, 0.3)),
        ([(cx - 5 * s, cy + 12), (cx + 3 * s, cy + 12.6), (cx + 9 * s, cy + 9.4)], (0.3, 1.1, 0.5)),
    ):
        c.stroke(spline(points), widths, LINE)


def bangs(c):
    crown = spline([(150, 116), (148, 84), (160, 58), (184, 44), (204, 42), (222, 46), (242, 60), (252, 84),
                    (250, 116)])
    left = [(150, 114), (146, 142), (150, 166), (157, 180)], [(157, 180), (157, 160), (161, 138), (168, 118)]
    right = [(250, 114), (254, 142), (250, 166), (243, 180)], [(243, 180), (243, 160), (239, 138), (232, 118)]
    for lock in (left, right):
        c.shape(np.vstack([spline(edge) for edge in lock]), HAIR, LINE, 1.3)
    fringe = np.vstack([
        crown,
        spline([(250, 116), (243, 125), (240, 133)]), spline([(240, 133), (236, 120), (231, 106)]),
        spline([(231, 106), (227, 117), (219, 126)]), spline([(219, 126), (216, 115), (210, 104)]),
        spline([(210, 104), (206, 117), (195, 129)]), spline([(195, 129), (192, 115), (188, 104)]),
        spline([(188, 104), (184, 117), (174, 127)]), spline([(174, 127), (171, 115), (169, 106)]),
        spline([(169, 106), (166, 120), (160, 133)]), spline([(160, 133), (154, 124), (150, 116)]),
    ])
    c.shape(fringe, HAIR, LINE, 1.4)
    for points, widths in (
        ([(206, 50), (218, 72), (226, 92), (231, 108)], (0.3, 1.2, 1.0, 0.3)),
        ([(202, 50), (206, 70), (209, 90), (210, 106)], (0.3, 1.2, 1.0, 0.3)),
        ([(198, 50), (192, 68), (189, 86), (188, 106)], (0.3, 1.2, 1.0, 0.3)),
        ([(194, 50), (180, 70), (172, 90), (169, 108)], (0.3, 1.2, 1.0, 0.3)),
    ):
        c.stroke(spline(points), widths, HAIR_DARK)
    tips = (
        ((250, 116), (243, 125), (240, 133), (244, 118)),
        ((231, 108), (227, 117), (219, 126), (223, 113)),
        ((210, 106), (206, 117), (195, 129), (203, 113)),
        ((188, 106), (184, 117), (174, 127), (181, 113)),
        ((169, 108), (166, 120), (160, 133), (164, 118)),
    )
    for tip in tips:
        c.shade(fringe, spline(tip, closed=True), HAIR_DARK)
    shine = np.vstack([spline([(158, 84), (176, 73), (200, 70), (224, 73), (242, 84)]),
                       np.array([(240, 92), (233, 82), (228, 91), (219, 79), (212, 89), (203, 77), (195, 89),
                                 (186, 78), (178, 90), (170, 81), (160, 92)], float)])
    c.shade(fringe, shine, HAIR_LIGHT)
    c.stroke(spline([(204, 42), (212, 30), (226, 24), (236, 28)]), (3, 2.4, 1.4, 0.3), LINE)
    c.stroke(spline([(204, 43), (212, 31.4), (225, 25.2), (233, 27.6)]), (1.6, 1.2, 0.6, 0.1), HAIR)


def ornaments(c):
    c.shape(star(239, 100, 10, 4.6, turn=-80), GOLD, LINE, 1.2)
    c.fill(star(238, 98.6, 5, 2.4, turn=-80), (255, 240, 176))
    for cx, side in ((179, -1), (221, 1)):
        brow = [(cx - 8 * side, 121.5), (cx + 1 * side, 119), (cx + 9 * side, 121)]
        c.stroke(spline(brow), (0.5, 1.5, 0.5), LINE)


def worn(picture):
    """A JPEG's marks, as pictures found on the web have: uint8 [h, w, 3] -> the same shape."""
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=82, subsampling=0)
    return np.array(Image.open(data).convert("RGB"))


def sample():
    """uint8 [240, 320, 3]."""
    c = Canvas(W, H, (0, 0, 0))
    for part in (sky, clouds, back_hair, ears, body, face):
        part(c)
    eye(c, 178, -1)
    eye(c, 222, 1)
    bangs(c)
    ornaments(c)
    return worn(c.picture())
