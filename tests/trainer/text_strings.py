"""Made-up texts of many scripts, the same each time."""

import random

POOLS = {
    "latin": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "accents": "àâäçéèêëîïôöùûüÿñõãøåœæßŁłĐđŠšŽžÇŞşĞğİıÀÉÖÜÅẞ",
    "combining": "aeiouAEIOU\u0300\u0301\u0308\u0327\u030a",
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюяёЁАБВГДЇїіЄ",
    "greek": "αβγδεζηθικλμνξοπρστυφχψωςΑΒΓΔΣΩάέήίόύώΐΆΈ",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءآأإ\u064e\u064f\u0650\u0651،؟",
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשתךםןףץ\u05b0\u05b7\u05bc־",
    "devanagari": "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह\u093e\u093f\u0940\u0941\u0947\u094d\u0902।",
    "thai": "กขคงจฉชซญดตถทธนบปผพฟมยรลวศษสหอฮ\u0e31\u0e34\u0e35\u0e48\u0e49าเแโใไ๏",
    "chinese": "牛奶茶红绿苹果手机电脑中国人大小上下左右㐀豈",
    "kana": "あいうえおかきくけこがぎぐアイウエオカキクケコガパー。、「」",
    "hangul": "가나다라마바사아자차카타파하각난닭뷁한글",
    "emoji": "😀🍎🥛👍🏽👩\u200d🚀❤️🇩🇪✓★→€£¥©®™",
    "digits": "0123456789½²٣४Ⅷ",
    "punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~…—–‘’“”«»¿¡§·",
    "control": "\x00\x01\x08\x0b\x0c\x1f\x7f\x85\u00ad\u200b\u200e\u202e\u2060\ufeff\ufffd\ue000",
    "spaces": " \t\n\r\u00a0\u1680\u2003\u2009\u2028\u2029\u202f\u3000",
}
WORD_LENGTHS = (1, 2, 3, 5, 8, 12, 40, 110)


def strings_of_many_scripts(count: int) -> list[str]:
    """Texts of one to eight words; most words of a text are of one pool, the pools take turns."""
    chance, names = random.Random(0), list(POOLS)
    texts = []
    for place in range(count):
        words = []
        for _ in range(chance.randint(1, 8)):
            pool = POOLS[names[place % len(names)] if chance.random() < 0.7 else chance.choice(names)]
            words.append("".join(chance.choices(pool, k=chance.choice(WORD_LENGTHS))))
        texts.append(chance.choice([" ", " ", "", "-"]).join(words))
    return texts
