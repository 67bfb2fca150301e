"""Synthetic cases for the benchmark of search: seeded, Japanese reports of templates, attributes with a long tail."""

import random
from collections.abc import Iterator
from typing import Final

from services.search.case import Case, Report, Series

ORGANS: Final = (
    "右肺上葉 右肺中葉 右肺下葉 左肺上葉 左肺下葉 肝S4 肝S8 膵頭部 膵体部 脾臓 "
    "右腎 左腎 胆嚢 胃前庭部 上行結腸 S状結腸 前立腺 子宮体部 右卵巣"
).split()
FINDINGS: Final = (
    "結節 腫瘤 すりガラス影 浸潤影 嚢胞 石灰化 胸水 腹水 リンパ節腫大 "
    "動脈瘤 血栓 骨折 出血 梗塞 浮腫 気腫 無気肺 胆石 結石 狭窄"
).split()
RARE: Final = (
    "悪性中皮腫 サルコイドーシス 肺胞蛋白症 髄膜腫 下垂体腺腫 褐色細胞腫 異所性甲状腺 重複癌 類上皮血管内皮腫".split()
)
ENDS: Final = (
    "を認める。",
    "を認めない。",
    "の疑い。",
    "は前回と著変なし。",
    "は増大している。",
    "は縮小している。",
    "が疑われ精査を勧める。",
)
PLAIN: Final = (
    "縦隔に有意なリンパ節の腫大は認めない。",
    "心拡大なし。",
    "骨条件で明らかな骨病変を指摘できない。",
    "副腎に腫大なし。",
    "No significant change since the previous examination.",
    "胆管および膵管の拡張はみられない。",
)
MAKERS: Final = (
    ("Canon Medical Systems", "Aquilion ONE", "FC13"),
    ("SIEMENS", "SOMATOM Force", "Br40"),
    ("GE MEDICAL SYSTEMS", "Revolution CT", "STANDARD"),
    ("Philips", "IQon", "B"),
    ("FUJIFILM", "SCENARIA View", "32"),
)
BODY: Final = {
    "CT": ("CHEST", "ABDOMEN", "HEAD"),
    "MR": ("HEAD", "SPINE", "KNEE"),
    "CR": ("CHEST",),
    "US": ("ABDOMEN",),
}


def cases(count: int, seed: int = 1) -> Iterator[Case]:
    """Yield cases; the same seed gives the same ones. Reports have some 300 characters."""
    chance = random.Random(seed)
    for number in range(count):
        yield _case(number, chance)


def _case(number: int, chance: random.Random) -> Case:
    modality = chance.choices(list(BODY), (50, 25, 15, 10))[0]
    uid = f"2.25.{10**30 + number}"
    site = f"site{min(int(chance.expovariate(0.2)), 29):02d}"
    return Case(
        id=uid,
        study_instance_uid=uid,
        site=site,
        only_site=site,
        patient_id=f"{chance.getrandbits(128):032x}",
        accession_number=f"{chance.getrandbits(64):016x}",
        study_date=(2015 + chance.randrange(11)) * 10000 + chance.randint(1, 12) * 100 + chance.randint(1, 28),
        age_years=min(max(int(chance.gauss(62, 18)), 0), 104),
        sex=chance.choice("FM"),
        modalities=(modality,),
        body_parts=(chance.choice(BODY[modality]),),
        description=f"{chance.choice(('胸部', '腹部', '頭部'))}{modality}",
        series=tuple(_series(f"{uid}.{at}", modality, chance) for at in range(chance.randint(1, 4))),
        reports=(_report(number, chance),) if chance.random() < 0.8 else (),
    )


def _series(uid: str, modality: str, chance: random.Random) -> Series:
    maker, model, kernel = chance.choice(MAKERS)
    is_ct = modality == "CT"
    return Series(
        series_instance_uid=uid,
        modality=modality,
        instances=chance.randint(1, 400),
        manufacturer=maker,
        model=model,
        kernel=kernel if is_ct else "",
        thickness_mm=chance.choice((0.5, 1.0, 1.25, 2.0, 5.0)) if is_ct else None,
        kvp=chance.choice((80.0, 100.0, 120.0, 140.0)) if is_ct else None,
        field_strength_t=chance.choice((1.5, 3.0)) if modality == "MR" else None,
        contrast=chance.random() < 0.4 if modality in ("CT", "MR") else None,
    )


def _report(number: int, chance: random.Random) -> Report:
    sentences = [_sentence(chance) for _ in range(chance.randint(4, 9))] + chance.sample(PLAIN, 4)
    chance.shuffle(sentences)
    impression = f"{chance.choice(ORGANS)}{chance.choice(FINDINGS)}"
    if chance.random() < 0.02:
        impression += f"、{chance.choice(RARE)}の疑い"
    return Report(f"r{number}", "final", "2024-05-31", "精査目的", "".join(sentences), impression)


def _sentence(chance: random.Random) -> str:
    size = f"{chance.randint(2, 60)}mm大の" if chance.random() < 0.5 else ""
    return f"{chance.choice(ORGANS)}に{size}{chance.choice(FINDINGS)}{chance.choice(ENDS)}"
