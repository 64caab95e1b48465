"""Letters that are taken for plain Latin ones: the part of Unicode's confusables (UTS 39) that can
stand in a domain name in lower case."""

_LOOK_LIKE = {
    "a": "аɑαạ",
    "b": "ƅЬьᖯ",
    "c": "сϲⅽᴄ",
    "d": "ԁɗ",
    "e": "еҽẹ",
    "f": "ꞙẝ",
    "g": "ɡցġ",
    "h": "һհ",
    "i": "іıɩιɪ",
    "j": "јϳյ",
    "k": "κкᴋ",
    "l": "ӏǀⅼ",
    "m": "ⅿм",
    "n": "ոռп",
    "o": "оοօσᴏọ",
    "p": "рρ",
    "q": "ԛզգ",
    "r": "гᴦ",
    "s": "ѕꜱ",
    "t": "τт",
    "u": "սυʋᴜ",
    "v": "ѵνᴠ",
    "w": "ԝωшѡա",
    "x": "хҳⅹ",
    "y": "уүγʏ",
    "z": "ᴢʐ",
}
LATIN = {ord(char): latin for latin, chars in _LOOK_LIKE.items() for char in chars}
