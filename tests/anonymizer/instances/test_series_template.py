"""What is made of an Instance by its neighbour is what the engine makes of it alone, byte for byte."""

import io
import random
import warnings
from collections.abc import Callable, Iterator

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from services.anonymizer.instances import series_template
from services.anonymizer.instances.batch import Refusal, deidentify_one
from services.anonymizer.instances.deidentify import Cleaned
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.elements.test_content_items import dose_report
from tests.anonymizer.instances.planted import SCRIPTS
from tests.anonymizer.instances.test_real_files import files

Outcome = Cleaned | Refusal


@pytest.fixture(autouse=True)
def strangers() -> Iterator[None]:
    """Let no test know the Series of another."""
    series_template.forget()
    yield
    series_template.forget()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list to which each answer is added: whether a neighbour helped."""
    found: list[bool] = []
    made = series_template.made

    def watched(*arguments: object) -> series_template.Made | None:
        answer = made(*arguments)  # type: ignore[arg-type]
        found.append(answer is not None)
        return answer

    monkeypatch.setattr(series_template, "made", watched)
    return found


def alone(data: bytes, policy: Policy) -> Outcome:
    series_template.forget()
    return deidentify_one(data, policy)


def edited(data: bytes, edit: Callable[[Dataset], object]) -> bytes:
    """Return the Instance after an edit; one that cannot be encoded is tried again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while True:
            dataset = pydicom.dcmread(io.BytesIO(data))
            buffer = io.BytesIO()
            try:
                edit(dataset)
                dataset.save_as(buffer)
            except (UnicodeError, TypeError):
                continue
            return buffer.getvalue()


def slice_of(script: str, syntax: str) -> bytes:
    """Return a real slice whose patient has a name in this script, which nothing else holds."""
    charset, name, _ = SCRIPTS[script]

    def rename(dataset: Dataset) -> None:
        dataset.SpecificCharacterSet = charset
        dataset.PatientName = name
        dataset.PatientID = "TX-558013"
        dataset.file_meta.TransferSyntaxUID = UID(syntax)

    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    rename(dataset)
    buffer = io.BytesIO()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(buffer, implicit_vr=syntax == ImplicitVRLittleEndian)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore")
def test_real_files_come_out_as_they_do_alone(policy: Policy, answers: list[bool]) -> None:
    found = [path.read_bytes() for path in files()]
    expected = [alone(data, policy) for data in found]
    series_template.forget()
    answers.clear()

    outcomes = [[deidentify_one(data, policy) for data in found] for _ in range(2)]

    assert outcomes[0] == expected
    assert outcomes[1] == expected
    assert sum(answers) > 40


SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian]


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("script", ["default", "utf-8", "ir13-87"])
@pytest.mark.filterwarnings("ignore")
def test_whatever_differs_from_the_neighbour(script: str, syntax: str, policy: Policy, answers: list[bool]) -> None:
    chance = random.Random(f"{script} {syntax}")
    base = slice_of(script, syntax)
    others = [edited(base, lambda dataset: an_edit(dataset, chance)) for _ in range(60)]
    expected = [alone(data, policy) for data in others]
    series_template.forget()
    answers.clear()

    outcomes = []
    for data in others:
        outcomes.append(deidentify_one(data, policy))
        deidentify_one(base, policy)

    assert outcomes == expected
    assert 40 < sum(answers) < len(answers) - 5


def an_edit(dataset: Dataset, chance: random.Random) -> None:
    """Change, remove or add something, at the top or in an Item; sometimes with the patient's own name in it."""
    name = str(dataset.get("PatientName", ""))
    for _ in range(chance.randint(1, 3)):
        place = dataset
        nested = [element for element in dataset if element.VR == "SQ" and element.value]
        if nested and chance.random() < 0.3:
            place = chance.choice(chance.choice(nested).value)
        elements = [element for element in place if element.VR not in ("SQ", "OW", "OB") and element.tag.group > 2]
        how = chance.random()
        if how < 0.15 and elements:
            del place[chance.choice(elements).tag]
        elif how < 0.3:
            place.add(
                DataElement(chance.choice(ADDED), "LO", chance.choice((*WORDS, str(dataset.get("PatientName", "")))))
            )
        elif elements:
            element = chance.choice(elements)
            words = (*WORDS, name.split("^")[0], str(dataset.get("PatientID", "")))
            new = {"DA": "20240501", "TM": "111213", "UI": "1.2.3.4.5", "CS": "OTHER", "AS": "071Y"}.get(element.VR)
            if element.VR in ("LO", "SH", "LT", "ST", "UT", "PN", "CS", "UI", "DA", "TM", "AS"):
                element.value = new if new and chance.random() < 0.8 else chance.choice(words)[:16]


ADDED = (0x00081030, 0x0008103E, 0x00180015, 0x00181030, 0x00200012, 0x00204000, 0x00091001, 0x00321060, 0x00102180)
WORDS = ("HEAD 5MM", "Saionji", "ISO_IR 100", "造影 CT", "2024.05.01", "A" * 16, "")


@pytest.mark.filterwarnings("ignore")
def test_damaged_neighbours_are_refused_or_cleaned_as_they_are_alone(jmid: Policy) -> None:
    for original in (slice_of("utf-8", ExplicitVRLittleEndian), dose_report(undefined_length=True)):
        chance = random.Random(5)
        damaged = []
        for _ in range(150):
            copy = bytearray(original)
            for _ in range(chance.randint(1, 3)):
                copy[chance.randrange(132, min(len(copy), 6000))] = chance.choice((0, 255, 0xFE, chance.randrange(256)))
            damaged.append(bytes(copy))
        expected = [alone(data, jmid) for data in damaged]
        series_template.forget()

        for data, answer in zip(damaged, expected, strict=True):
            deidentify_one(original, jmid)
            deidentify_one(original, jmid)
            assert deidentify_one(data, jmid) == answer


def test_a_name_that_only_one_slice_holds_is_taken_off_it(jmid: Policy, answers: list[bool]) -> None:
    base = slice_of("default", ExplicitVRLittleEndian)
    telling = edited(base, lambda dataset: setattr(dataset, "ConvolutionKernel", "Saionji"))

    for data in (base, base, telling):
        cleaned = deidentify_one(data, jmid)

    assert answers == [False, True, False]
    assert isinstance(cleaned, Cleaned)
    assert b"Saionji" not in cleaned.data


def test_another_profile_or_key_is_another_matter(jmid: Policy, research: Policy) -> None:
    data = slice_of("utf-8", ExplicitVRLittleEndian)
    expected = [alone(data, policy) for policy in (jmid, research)]
    series_template.forget()

    outcomes = [deidentify_one(data, policy) for policy in (jmid, jmid, research, research, jmid)]

    assert outcomes == [expected[0], expected[0], expected[1], expected[1], expected[0]]


def test_a_series_in_which_nothing_is_alike_is_left_to_the_engine(jmid: Policy, answers: list[bool]) -> None:
    def another(number: int) -> Callable[[Dataset], object]:
        return lambda dataset: setattr(dataset, "PatientBirthDate", f"195001{number + 10}")

    for number in range(12):
        deidentify_one(edited(slice_of("utf-8", ExplicitVRLittleEndian), another(number)), jmid)

    assert not any(answers)
    assert list(series_template._known.values()) == [None]
